"""The page in a real browser: nothing runs, nothing leaves, nothing is wider than the window."""

import shutil

import pytest

from tests.report.hostile import PAYLOADS
from tests.report.test_hostile import hostile_page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome on the PATH")

HOOK = """
window.fired = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'fetch'])
  window[name] = (...all) => { window.fired.push(name); };
"""


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, tmp_path):
    """Opens a page from a file as a reader would; gives it, what it asked the network for, and what it complained of."""
    contexts = []

    def opened(html: str, *, width: int = 1440, scheme: str = "light", policy: bool = True):
        target = tmp_path / f"page-{len(contexts)}.html"
        target.write_text(html, encoding="utf-8")
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=not policy
        )
        contexts.append(context)
        context.add_init_script(HOOK)
        asked, said = [], []
        view = context.new_page()
        view.on("request", lambda request: asked.append(request.url))
        view.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        view.on("console", lambda message: said.append(message.text))
        view.goto(target.as_uri())
        left = [url for url in asked if url != target.as_uri() and not url.startswith("data:image/")]
        return view, left, said

    yield opened
    for context in contexts:
        context.close()


def test_no_payload_runs_or_loads_anything_even_without_the_policy(visit, blobs):
    """The sanitiser holds alone."""
    for start in range(0, len(PAYLOADS), 18):
        html = "\n".join(hostile_page(payload, blobs) for payload in PAYLOADS[start : start + 18])
        view, left, said = visit(html, policy=False)
        view.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        view.mouse.move(700, 400)
        view.wait_for_timeout(150)

        assert view.evaluate("window.fired") == []
        assert left == []
        assert [line for line in said if "outside the document's <head>" not in line] == []
        assert view.evaluate("document.querySelectorAll('script, iframe, object, embed, form, link, base').length") == 0


def test_the_policy_alone_stops_script(visit, good):
    """What would happen, should the sanitiser ever let something through."""
    active = (
        "<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)></svg><p style='color:red'>red</p>"
        "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe><details open ontoggle=alert(1)>x</details>"
    )
    view, _, said = visit(good.page().replace("</main>", f"{active}</main>"))
    view.wait_for_timeout(150)

    assert view.evaluate("window.fired") == []
    assert view.evaluate("getComputedStyle(document.querySelector('p[style]')).color") == "rgb(27, 32, 39)"
    assert any("Content Security Policy" in line for line in said)


def test_the_hook_fires_where_script_runs(visit):
    """Else the test above would prove nothing."""
    view, left, _ = visit("<img src=x onerror=alert(1)><img src='http://127.0.0.1:9/x.png'>")
    view.wait_for_timeout(150)

    assert view.evaluate("window.fired") == ["alert"]
    assert "http://127.0.0.1:9/x.png" in left


@pytest.mark.parametrize("name", ["good", "regressed", "first", "failed", "judged"])
@pytest.mark.parametrize("width", [400, 1440])
def test_no_page_is_wider_than_its_window(name, width, visit, request):
    case = request.getfixturevalue(name)
    view, left, said = visit(case.page(), width=width)
    view.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")

    assert view.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert (left, said) == ([], []), "its own styles and pictures pass its own policy"


def test_long_names_without_a_space_do_not_widen_the_page(visit, blobs):
    view, _, _ = visit(hostile_page("x" * 300, blobs), width=400)

    assert view.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_the_styles_apply_under_the_policy(visit, good):
    view, _, _ = visit(good.page(), scheme="dark")

    dark = view.evaluate("getComputedStyle(document.body).backgroundColor")
    light = visit(good.page(), scheme="light")[0].evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark, light) == ("rgb(14, 17, 22)", "rgb(245, 246, 248)")


def test_every_picture_of_a_good_run_is_decoded(visit, good):
    view, _, _ = visit(good.page())

    assert view.evaluate("document.images.length") > 3
    assert view.evaluate("[...document.images].every(each => each.complete && each.naturalWidth > 0)")


@pytest.mark.parametrize("name", ["failed", "judged"])
def test_links_within_the_page_lead_somewhere(name, visit, request):
    view, _, _ = visit(request.getfixturevalue(name).page())

    missing = "[...document.querySelectorAll('a[href^=\"#\"]')].filter(a => !document.getElementById(a.getAttribute('href').slice(1)))"
    assert view.evaluate(f"{missing}.map(a => a.getAttribute('href'))") == []


def test_the_line_after_a_marked_one_begins_below_it(visit, failed):
    view, _, _ = visit(failed.page())

    top, height, line, after = view.evaluate("""() => {
      const marked = document.querySelector('#failure .hll');
      const rest = document.createRange();
      rest.selectNodeContents(marked.parentElement);
      rest.setStartAfter(marked);
      const box = marked.getBoundingClientRect();
      const next = [...rest.getClientRects()].filter(each => each.width)[0];
      return [box.top, box.height, parseFloat(getComputedStyle(marked).lineHeight), next.top];
    }""")

    assert after >= top + height - 1
    assert height < 1.5 * line, "and there is no empty line between"


def test_the_words_of_both_schemes_stand_out_from_their_ground(visit, regressed, failed, judged):
    """Contrast of at least 4.5 to 1 (WCAG AA) for every text that is shown, against the ground it stands on."""
    for case in (regressed, failed, judged):
        for scheme in ("light", "dark"):
            view, _, _ = visit(case.page(), scheme=scheme)
            view.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            assert view.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const part = c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = c => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
  const found = new Set();
  const walker = document.createTreeWalker(document.querySelector('.page'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.textContent.trim()) continue;
    const element = node.parentElement;
    if (element.closest('svg') || element.closest('.c-pending') || !element.checkVisibility()) continue;
    let ground = element;
    while (ground && (rgb(getComputedStyle(ground).backgroundColor)[3] === 0)) ground = ground.parentElement;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(rgb(getComputedStyle(ground || document.body).backgroundColor))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.add(`${element.className || element.tagName} ${ratio.toFixed(2)}`);
  }
  return [...found];
}"""
