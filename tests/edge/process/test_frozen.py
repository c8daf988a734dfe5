"""The environment of a program that a bundle starts: as if there were no bundle."""

from __future__ import annotations

import os

import pytest

from loopback_auth.edge.process.frozen import as_started

BUNDLE = os.path.join(os.sep, "tmp", "_MEIabc123")
INSIDE = os.path.join(BUNDLE, "lib")


def paths(*parts: str) -> str:
    return os.pathsep.join(parts)


TABLE = {
    "no library path": ({"LD_LIBRARY_PATH": BUNDLE}, {}),
    "a library path": (
        {"LD_LIBRARY_PATH": paths(BUNDLE, "/opt/lib"), "LD_LIBRARY_PATH_ORIG": "/opt/lib"},
        {"LD_LIBRARY_PATH": "/opt/lib"},
    ),
    "an empty library path": (
        {"LD_LIBRARY_PATH": BUNDLE, "LD_LIBRARY_PATH_ORIG": ""},
        {"LD_LIBRARY_PATH": ""},
    ),
    "AIX": ({"LIBPATH": paths(BUNDLE, "/a"), "LIBPATH_ORIG": "/a"}, {"LIBPATH": "/a"}),
    "of a hook": (
        {
            "PATH": paths(INSIDE, "/usr/bin", "/bin"),
            "DYLD_LIBRARY_PATH": INSIDE,
            "SSL_CERT_FILE": INSIDE + "/c.pem",
        },
        {"PATH": paths("/usr/bin", "/bin")},
    ),
    "the bootloader's own": (
        {
            "_PYI_ARCHIVE_FILE": "/opt/app",
            "_PYI_APPLICATION_HOME_DIR": BUNDLE,
            "_PYI_PARENT_PROCESS_LEVEL": "1",
            "_PYI_LINUX_PROCESS_NAME": "app",
            "_MEIPASS2": BUNDLE,
        },
        {},
    ),
    "another bundle, beside": ({"A": BUNDLE + "4/lib"}, {"A": BUNDLE + "4/lib"}),
    "the person's own": (
        {"EDITOR_ORIG": "vi", "EDITOR": "ed", "EMPTY": "", "LISTS": paths("", "/a", "")},
        {"EDITOR_ORIG": "vi", "EDITOR": "ed", "EMPTY": "", "LISTS": paths("", "/a", "")},
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_a_bundle_leaves_no_trace_in_what_it_starts(case: str) -> None:
    environ, expected = TABLE[case]
    assert as_started({"HOME": "/home/ada", **environ}, BUNDLE) == {"HOME": "/home/ada", **expected}


@pytest.mark.parametrize("case", TABLE)
def test_without_a_bundle_nothing_changes(case: str) -> None:
    environ, _ = TABLE[case]
    assert as_started(environ, None) == environ
