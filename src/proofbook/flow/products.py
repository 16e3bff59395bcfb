"""A task's products on disk: taken into the store, compared with what a good run wrote, put back."""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from proofbook.disk import atomic
from proofbook.disk.paths import inside
from proofbook.exceptions import PathEscapesError
from proofbook.model.run import Product, canonical
from proofbook.store import Store
from proofbook.store.blobs import Together

__all__ = ["capture", "differing", "discard", "located", "restore"]


def located(root: Path, relative: str) -> Path:
    """Where a product lies. Ploomber lets a product be an absolute path outside the project, and so do we."""
    return root / relative


def capture(blobs: Together, root: Path, products: Mapping[str, str]) -> tuple[dict[str, Product], dict[str, str]]:
    """
    Put the products into the store.

    Returns:
        What was captured, and what is missing: both by key.
    """
    captured: dict[str, Product] = {}
    missing: dict[str, str] = {}
    for key, relative in products.items():
        path = located(root, relative)
        if path.is_dir():
            files = {str(file.relative_to(path)): blobs.put_file(file) for file in _files(path)}
            size = sum(file.stat().st_size for file in _files(path))
            captured[key] = Product(path=relative, digest=_folder_digest(files), size=size, folder=files)
        elif path.is_file():
            digest = blobs.put_file(path)
            captured[key] = Product(path=relative, digest=digest, size=path.stat().st_size)
        else:
            missing[key] = relative
    return captured, missing


def differing(
    root: Path, products: Mapping[str, Product], *, digest_of: Callable[[Path], str] = atomic.digest_of
) -> dict[str, str]:
    """Which products are not what they were: key to `missing` or `edited`."""
    found: dict[str, str] = {}
    for key, product in products.items():
        path = located(root, product.path)
        if not path.exists():
            found[key] = "missing"
        elif _digest(path, digest_of) != product.digest:
            found[key] = "edited"
    return found


def restore(store: Store, root: Path, products: Mapping[str, Product], keys: Mapping[str, str]) -> None:
    """Put the named products back from the store, by content. Raises BlobCorruptError where the store is damaged."""
    for key in keys:
        product = products[key]
        path = located(root, product.path)
        if product.folder is None:
            if path.is_dir():
                discard(root, {key: product.path})
            store.blobs.write_to(product.digest, path)
            continue
        discard(root, {key: product.path})
        path.mkdir(parents=True, exist_ok=True)
        for name, digest in product.folder.items():
            store.blobs.write_to(digest, inside(path, name))


def discard(root: Path, products: Mapping[str, str]) -> None:
    """
    Remove products, so that what is there afterwards was written by the task itself.

    Raises:
        PathEscapesError: A product is the project's own folder, or one that the project lies in.
    """
    # texts, not paths: this is asked twice for each task
    own = os.path.realpath(root)
    for relative in products.values():
        path = located(root, relative)
        if f"{own}{os.sep}".startswith(f"{os.path.realpath(path).rstrip(os.sep)}{os.sep}"):
            raise PathEscapesError(f"product {relative!r} is the project's own folder: name a folder below it")
        atomic.remove(path)


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _folder_digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(canonical(dict(files))).hexdigest()


def _digest(path: Path, digest_of: Callable[[Path], str]) -> str:
    if path.is_dir():
        return _folder_digest({str(file.relative_to(path)): digest_of(file) for file in _files(path)})
    return digest_of(path)
