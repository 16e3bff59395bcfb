import hashlib
import os
import random
from pathlib import Path

import psutil
import pytest

from proofbook.exceptions import BlobCorruptError, StoreError
from proofbook.store import Store

CONTENT = bytes(range(256)) * 16


def overwrite(store: Store, digest: str, content: bytes) -> None:
    """Damage a blob as a failing disk would, whatever its permission bits say."""
    path = store.blobs.path(digest)
    path.chmod(0o600)
    path.write_bytes(content)


def test_bytes_come_back_by_their_hash(store: Store) -> None:
    digest = store.blobs.put(CONTENT)
    assert digest == hashlib.sha256(CONTENT).hexdigest()
    assert store.blobs.get(digest) == CONTENT
    assert store.blobs.path(digest).relative_to(store.folder).as_posix() == f"blobs/{digest[:2]}/{digest[2:]}"
    assert store.blobs.path(digest).stat().st_mode & 0o777 == 0o400


def test_what_is_there_is_not_written_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.blobs.put(CONTENT)

    def never(descriptor: int, content: bytes) -> int:
        raise AssertionError("written again")

    monkeypatch.setattr(os, "write", never)
    store.blobs.put(CONTENT)


def test_a_blob_that_another_process_wrote_is_made_durable_before_it_is_relied_on(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been killed between the link and the fsync of the folder."""
    Store.open(tmp_path).blobs.put(CONTENT)
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(descriptor), fsync(descriptor)))
    store.blobs.put(CONTENT)
    assert len(synced) == 2, "the folder of the blob, and the folder of that folder"
    store.blobs.put(CONTENT)
    assert len(synced) == 2


def test_a_product_does_not_share_its_inode_with_the_blob(store: Store, tmp_path: Path) -> None:
    product = tmp_path / "product"
    product.write_bytes(CONTENT)
    digest = store.blobs.put_file(product)
    assert product.stat().st_ino != store.blobs.path(digest).stat().st_ino
    product.write_bytes(b"edited by hand")
    assert store.blobs.get(digest) == CONTENT
    store.blobs.write_to(digest, tmp_path / "restored")
    assert (tmp_path / "restored").stat().st_nlink == 1


def test_a_file_that_changes_while_it_is_kept_is_not_kept(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = tmp_path / "product"
    product.write_bytes(CONTENT)
    monkeypatch.setattr("proofbook.disk.atomic.chunks_of", lambda path: iter([b"half ", b"of it"]))
    monkeypatch.setattr("proofbook.disk.atomic.digest_of", lambda path: hashlib.sha256(CONTENT).hexdigest())
    with pytest.raises(Exception, match="changed while it was being read"):
        store.blobs.put_file(product)
    assert list(store.blobs.each()) == []


def test_what_is_put_together_is_durable_at_the_end_contents_before_names(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "product").write_bytes(CONTENT)
    done = []
    fsync, link = os.fsync, os.link

    def synced(descriptor: int) -> None:
        done.append(str(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(store.folder)))
        fsync(descriptor)

    def linked(source: str, target: Path, **options: bool) -> None:
        done.append(target.name)
        link(source, target, **options)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    with store.blobs.together() as blobs:
        digests = [blobs.put(b"first"), blobs.put(b"second"), blobs.put_file(tmp_path / "product"), blobs.put(b"first")]
        assert not any(store.blobs.has(digest) for digest in digests)
        assert done == []
    contents = [place.endswith(".tmp") for place in done]
    assert done[0] == "blobs", "the names of the folders go first"
    assert contents[1:4] == [True] * 3
    assert done[4:7] == [digest[2:] for digest in digests[:3]]
    assert sorted(done[7:]) == sorted(f"blobs/{digest[:2]}" for digest in digests[:3])
    assert [store.blobs.get(digest) for digest in digests] == [b"first", b"second", CONTENT, b"first"]


def test_what_is_put_together_is_not_kept_where_that_fails(store: Store) -> None:
    def fail() -> None:
        with store.blobs.together() as blobs:
            blobs.put(b"first")
            blobs.put(b"second")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert list(store.blobs.each()) == []
    assert [*(store.folder / "blobs").glob("*/*"), *(store.folder / "blobs").glob("*/.*")] == []
    assert store.blobs.put(b"first") in store.blobs.each()


def test_a_thousand_blobs_put_together_do_not_take_a_thousand_open_files(store: Store) -> None:
    with store.blobs.together() as blobs:
        digests = [blobs.put(str(number).encode()) for number in range(1000)]
        assert psutil.Process().num_fds() < 200
    assert set(store.blobs.each()) == set(digests)


def test_every_flipped_bit_is_found(store: Store) -> None:
    digest = store.blobs.put(CONTENT)
    drawn = random.Random(2013)
    overwrite(store, digest, CONTENT)
    with store.blobs.path(digest).open("r+b", buffering=0) as file:
        for _ in range(1000):
            offset = drawn.randrange(len(CONTENT))
            os.pwrite(file.fileno(), bytes([CONTENT[offset] ^ 1 << drawn.randrange(8)]), offset)
            with pytest.raises(BlobCorruptError, match=digest):
                store.blobs.check(digest)
            os.pwrite(file.fileno(), CONTENT[offset : offset + 1], offset)
    store.blobs.check(digest)


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1], bytes(len(CONTENT)), CONTENT[::-1]])
def test_a_damaged_blob_is_never_served_and_its_place_is_freed(store: Store, tmp_path: Path, damage: bytes) -> None:
    digest = store.blobs.put(CONTENT)
    overwrite(store, digest, damage)
    with pytest.raises(BlobCorruptError, match=rf"{digest}.*set aside"):
        store.blobs.get(digest)
    assert not store.blobs.has(digest)
    assert (store.folder / "quarantine" / digest).read_bytes() == damage
    assert store.blobs.put(CONTENT) == digest
    assert store.blobs.get(digest) == CONTENT


def test_a_file_is_named_only_after_it_was_read_and_found_sound(store: Store) -> None:
    digest = store.blobs.put(CONTENT)
    assert store.blobs.verified(digest).read_bytes() == store.blobs(digest) == CONTENT
    overwrite(store, digest, CONTENT[::-1])
    with pytest.raises(BlobCorruptError, match=rf"{digest}.*set aside"):
        store.blobs.verified(digest)
    with pytest.raises(BlobCorruptError, match=digest):
        store.blobs.verified(digest)


def test_a_damaged_blob_is_not_restored_over_a_file(store: Store, tmp_path: Path) -> None:
    digest = store.blobs.put(CONTENT)
    overwrite(store, digest, CONTENT[::-1])
    target = tmp_path / "product"
    target.write_bytes(b"as it was")
    with pytest.raises(BlobCorruptError, match=digest):
        store.blobs.write_to(digest, target)
    assert target.read_bytes() == b"as it was"


def test_two_blobs_that_changed_places_are_both_found(store: Store) -> None:
    first, second = store.blobs.put(b"first"), store.blobs.put(b"other")
    overwrite(store, first, b"other")
    overwrite(store, second, b"first")
    assert {damage.object for damage in store.verify()} == {f"blob {first}", f"blob {second}"}


def test_a_blob_of_the_wrong_length_is_written_anew(store: Store) -> None:
    """Zero-length files after a power cut are what other stores met."""
    digest = store.blobs.put(CONTENT)
    overwrite(store, digest, b"")
    assert store.blobs.put(CONTENT) == digest
    assert store.blobs.get(digest) == CONTENT


def test_a_missing_blob_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BlobCorruptError, match=r"a{64} is missing"):
        store.blobs.get("a" * 64)
    with pytest.raises(BlobCorruptError, match=r"a{64} is missing"):
        store.blobs.write_to("a" * 64, tmp_path / "file")


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "", "/" + "a" * 63])
def test_what_is_not_a_digest_is_no_path(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="not the name of a blob"):
        store.blobs.get(name)


def test_a_planted_link_is_no_blob(store: Store, tmp_path: Path) -> None:
    digest = store.blobs.put(CONTENT)
    path = store.blobs.path(digest)
    path.unlink()
    (tmp_path / "secret").write_bytes(CONTENT)
    path.symlink_to(tmp_path / "secret")
    assert not store.blobs.has(digest)
