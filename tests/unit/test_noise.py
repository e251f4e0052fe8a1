# SPDX-License-Identifier: GPL-3.0-or-later
"""The noise of the figures: bit by bit as the paper has it, in the right shape,
and worth the epsilon that is declared, seen from outside at the end of a day.

Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy",
algorithms 1 and 2.
"""
import math
import random
import subprocess

import pytest

# t of the table in docs/privacy.md, and what is odd
SCALES = [(1000, 160), (200, 100), (200, 260), (200, 20), (200, 10), (1, 1),
          (7, 3), (1, 1000), (200 * 10**9, 40)]


class Reference:
    """The algorithms with a tape of words, written as in the paper."""

    def __init__(self, tape):
        self.tape, self.used = tape, 0

    def uniform(self, n):
        limit = (2**64 - 1) - (2**64 - 1) % n
        while True:
            word = self.tape[self.used]
            self.used += 1
            if word < limit:
                return word % n

    def bernoulli_exp(self, n, d):  # exp(-n/d), n/d in [0, 1]
        k = 1
        while True:
            a = self.uniform(d * k) < n  # Bernoulli(n/d/k)
            if not a:
                return k % 2 == 1
            k += 1

    def laplace(self, t, s):
        while True:
            u = self.uniform(t)
            if not self.bernoulli_exp(u, t):
                continue
            v = 0
            while self.bernoulli_exp(1, 1):
                v += 1
            y = (u + t * v) // s
            if self.uniform(2) == 0:
                return y
            if y:
                return -y


def run(build, *args, **more):
    return subprocess.run([build / "golden" / "noisedriver", *map(str, args)],
                          check=True, capture_output=True, text=True,
                          **more).stdout


@pytest.mark.parametrize("n,d", SCALES)
def test_same_tape_same_draws(build, n, d):
    """What the C code makes of recorded words, the reference makes as well."""
    rng = random.Random(n * 1000 + d)
    tape = [rng.getrandbits(64) if rng.random() < 0.99 else 2**64 - 1
            for _ in range(60_000)]
    said = run(build, "tape", n, d, 500,
               input="\n".join(f"{word:x}" for word in tape))
    reference = Reference(tape)
    for line in said.splitlines():
        value = reference.laplace(n, d)
        assert line == f"{value} {reference.used}"
    assert len(said.splitlines()) == 500


def histogram(text):
    return {int(v): int(c) for v, c in map(str.split, text.splitlines())}


def chi_square(seen, n, d, draws):
    """Statistic and degrees of freedom; the tails are one cell each."""
    p = math.exp(-d / n)
    norm = (1 - p) / (1 + p)
    edge = 0
    while norm * p ** (edge + 1) * draws > 50:
        edge += 1
    total, cells = 0.0, 0
    for value in range(-edge, edge + 1):
        wanted = draws * norm * p ** abs(value)
        total += (seen.get(value, 0) - wanted) ** 2 / wanted
        cells += 1
    for sign in (-1, 1):
        wanted = draws * norm * p ** (edge + 1) / (1 - p)
        tail = sum(c for v, c in seen.items() if sign * v > edge)
        total += (tail - wanted) ** 2 / wanted
        cells += 1
    return total, cells - 1


@pytest.mark.parametrize("draws", [
    400_000, pytest.param(20_000_000, marks=pytest.mark.full)])
def test_shape(plain_build, draws):
    """One in 10^9 runs exceeds the bound by chance."""
    for n, d in [(200, 100), (1000, 160), (200, 260)]:
        seen = histogram(run(plain_build, "histogram", n, d, draws))
        assert sum(seen.values()) == draws
        statistic, freedom = chi_square(seen, n, d, draws)
        assert statistic < freedom + 6 * math.sqrt(2 * freedom) + 20, (n, d)
        t = n / d
        deviation = math.sqrt(sum(c * v * v for v, c in seen.items()) / draws)
        p = math.exp(-1 / t)
        assert abs(deviation - math.sqrt(2 * p) / (1 - p)) < 0.05 * deviation


def test_bars(plain_build):
    """The error of a zone's devices a day, in both profiles."""
    for (n, d), bar in [((200, 100), 2.9), ((200, 260), 1.1)]:
        seen = histogram(run(plain_build, "histogram", n, d, 100_000))
        assert math.sqrt(sum(c * v * v for v, c in seen.items())
                         / 100_000) <= bar


def worst_ratio(a, b, runs):
    """The largest log-ratio, less three deviations of what chance makes."""
    worst = 0.0
    for value in set(a) | set(b):
        x, y = a.get(value, 0), b.get(value, 0)
        if min(x, y) < runs / 200:
            continue
        slack = 3 * math.sqrt(1 / x + 1 / y)
        worst = max(worst, abs(math.log(x / y)) - slack)
    return worst


@pytest.mark.parametrize("runs", [
    2_000, pytest.param(100_000, marks=pytest.mark.full)])
def test_epsilon_of_a_whole_day(plain_build, runs):
    """A day with a device and one without tell of it by 0.5 at most."""
    one = histogram(run(plain_build, "day", runs, 3))
    other = histogram(run(plain_build, "day", runs, 4))
    assert worst_ratio(one, other, runs) <= 0.5
    # and by no less: twice the distance is seen as twice the epsilon
    far = histogram(run(plain_build, "day", runs, 7))
    if runs > 10_000:
        assert worst_ratio(one, far, runs) > 0.9
