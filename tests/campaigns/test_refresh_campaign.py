"""
RF-05: the refresh campaign: it finds what is lost, it leaves nothing out, and nothing
is lost.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from ..support.children import posix
from ..support.keyrings import ROOT
from ..support.odd_answers import ODD_ANSWERS
from ..support.servers.needs import need
from .pairs import Case, pairs, shuffled, size
from .refresh import FACTORS, PRODUCT, factors_of_pairs

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = ROOT / "scripts" / "campaign_refresh"
SMALL = {"a": ["1", "2", "3"], "b": ["x", "y"], "c": ["p", "q", "r", "s"]}


def campaign(*arguments: str) -> subprocess.CompletedProcess[str]:
    need("faketime")
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("factors", [SMALL, *factors_of_pairs()], ids=["small", "well", "failing"])
def test_every_two_values_meet(factors: dict[str, list[str]]) -> None:
    met = {pair for case in pairs(factors) for pair in combinations(case.items(), 2)}
    wanted = {
        ((one, a), (other, b))
        for one, other in combinations(factors, 2)
        for a in factors[one]
        for b in factors[other]
    }
    assert met == wanted


def test_the_whole_product_is_gone_through_once() -> None:
    cases = [tuple(case.items()) for case in shuffled(SMALL, seed=3)]
    assert len(cases) == len(set(cases)) == size(SMALL) == 24


def test_the_product_has_every_kind_of_answer_and_can_be_run() -> None:
    kinds = {(odd.rotates, odd.refresh) for odd in ODD_ANSWERS.values()}
    chosen = {
        (odd.rotates, odd.refresh) for name, odd in ODD_ANSWERS.items() if name in PRODUCT["answer"]
    }
    # A plain answer is one that rotates and is saved. What is refused keeps the old token, whether
    # the server rotated or not; what is saved or warned of is saved alike.
    assert {rotates for rotates, _ in kinds} == {rotates for rotates, _ in chosen}
    assert {refresh for _, refresh in kinds} == {refresh for _, refresh in chosen}
    for name, values in PRODUCT.items():
        assert set(values) <= set(FACTORS[name])
    assert size(PRODUCT) < 10_000


CUT_SHORT: Case = {
    **{name: values[0] for name, values in FACTORS.items()},
    "event": "asyncio.timeout",
    "server takes": "6",
}


@posix
@pytest.mark.slow
def test_the_campaign_finds_a_refresh_that_is_cut_short(tmp_path: Path) -> None:
    """
    RF-05: in a build that gives a sent refresh up with its caller; in ours the same
    case is well.
    """
    assert campaign("--case", json.dumps(CUT_SHORT)).returncode == 0
    shutil.copytree(ROOT / "loopback_auth", tmp_path / "loopback_auth")
    module = tmp_path / "loopback_auth" / "flows" / "tokens" / "in_flight.py"
    text = module.read_text("utf-8")
    asking = "self._is_asking and not self.delivery.is_connecting"
    assert asking in text
    module.write_text(text.replace(asking, "False"), "utf-8")
    found = campaign("--case", json.dumps(CUT_SHORT), "--build", str(tmp_path))
    assert found.returncode == 1
    assert "LOST" in found.stdout
    assert "tokens lost: 1" in found.stdout


@posix
@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_rf_05_no_pair_of_troubles_costs_a_refresh_token(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    RF-05, RF-07, CL-07: rotation without grace, clocks that jump, slow servers, signals, odd
    answers, keyrings that fail.
    """
    done = campaign("--within", "540")
    with capsys.disabled():
        sys.stdout.write("\n" + done.stdout[-5000:])
    assert done.returncode == 0, done.stdout
