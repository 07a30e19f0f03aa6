"""No test fails because the machine is slow."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import data


def test_a_machine_that_stalls_while_examples_are_drawn_fails_no_test(monkeypatch):
    class Stalling:
        """The clock that Hypothesis reads, of a machine that loses ten seconds at each look."""

        lost = 0.0

        def perf_counter(self):
            self.lost += 10
            return time.perf_counter() + self.lost

    @settings(max_examples=20, database=None)
    @given(st.lists(st.integers()))
    def drawn(numbers):
        assert numbers == list(numbers)

    monkeypatch.setattr(data, "time", Stalling())
    drawn()
