from pathlib import Path

import pytest

from proofbook.disk import filesystem

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:30 / /mnt/team rw,relatime shared:5 - nfs4 server:/team rw,vers=4.2
31 30 0:31 / /mnt/team/local rw - xfs /dev/vdb rw
32 27 0:32 / /mnt/my\\040disk rw - fuse.sshfs me@there:/ rw
33 27 0:33 / /mnt/plain rw - fuse.ntfs-3g /dev/sdc rw
34 27 0:34 / /mnt/frozen ro - ext4 /dev/vdc rw
35 27 0:35 / /mnt/covered rw - ext4 /dev/vdd rw
36 27 0:36 / /mnt/covered rw - cifs //server/share rw
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    return tmp_path / "mountinfo"


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/home/me", "ext4", False),
        ("/mnt/team/project", "nfs4", True),
        ("/mnt/team/local/project", "xfs", False),
        ("/mnt/team-2/project", "ext4", False),
        ("/mnt/my disk/project", "fuse.sshfs", True),
        ("/mnt/plain/x", "fuse.ntfs-3g", False),
        ("/mnt/covered/x", "cifs", True),
    ],
)
def test_the_innermost_mount_counts(mounts: Path, path: str, kind: str, network: bool) -> None:
    found = filesystem.at(Path(path), mounts=mounts)
    assert (found.type, found.network) == (kind, network)


def test_a_read_only_mount_is_known(mounts: Path) -> None:
    assert filesystem.at(Path("/mnt/frozen/x"), mounts=mounts).read_only
    assert not filesystem.at(Path("/home"), mounts=mounts).read_only


def test_a_system_without_a_table_of_mounts_is_not_taken_for_a_network(tmp_path: Path) -> None:
    found = filesystem.at(tmp_path, mounts=tmp_path / "none")
    assert (found.type, found.network) == ("", False)


def test_this_machine_has_an_answer(tmp_path: Path) -> None:
    assert filesystem.at(tmp_path / "not" / "made").type
