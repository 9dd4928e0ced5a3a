"""The study of repair once more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.studies.recomputed.again import Again, Values, told


def again(table: pd.DataFrame) -> dict[str, Again]:
    def of(source: str, trained: str, num: int, column: str = "accuracy") -> Values:
        rows = table[(table.source == source) & (table.trained == trained) & (table.num_images == num)]
        return rows.sort_values("seed")[column].to_numpy()

    nums = sorted(set(table.num_images))
    few, most = nums[0], nums[-1]
    as_it_is = of("mismatched", "nothing", most)
    every, last = of("mismatched", "all", most), of("mismatched", "last-block", most)
    matched = of("matched", "all", most)
    of_last = of("matched", "last-block", most) - as_it_is
    few_before, few_after = of("mismatched", "nothing", few), of("mismatched", "all", few)
    apart = [of("matched", "all", num) - of("mismatched", "all", num) for num in nums]
    falls = -np.polyfit(np.log10(nums), np.array(apart), 1)[0]
    ahead = [of("mismatched", "all", num) - of("untrained", "all", num) for num in nums]
    ahead_on_each = [number for num, one in zip(nums, ahead, strict=True) for number in (one.mean(), num)]
    found = {
        "gap": Again(
            numbers=[most, matched.mean(), as_it_is.mean(), *told(matched - as_it_is), *told(of_last), 0.1],
            values=matched - as_it_is,
        ),
        "repair_helps": Again(
            numbers=[most, as_it_is.mean(), every.mean(), *told(every - as_it_is)], values=every - as_it_is
        ),
        "few_images_help": Again(
            numbers=[few, few_before.mean(), few_after.mean(), *told(few_after - few_before)],
            values=few_after - few_before,
        ),
        "all_weights_beat_last_block": Again(
            numbers=[most, every.mean(), last.mean(), *told(every - last)], values=every - last
        ),
        "gap_closes": Again(numbers=[apart[0].mean(), few, apart[-1].mean(), most, *told(falls)], values=falls),
        "beats_untrained": Again(
            numbers=[*told(np.mean(ahead, axis=0)), *ahead_on_each],
            values=np.mean(ahead, axis=0),
            parts=[(one, False) for one in ahead],
        ),
    }
    for name, gain, gap in (
        ("all_weights_make_good", every - as_it_is, matched - as_it_is),
        ("last_block_makes_good", last - as_it_is, of_last),
    ):
        found[name] = Again(numbers=[most, *told(gain, gap), 0.5], values=gain, below=gap, above=0.5)
    for name, column in (("invariance_returns", "sens"), ("values_fade", "skill")):
        before, after = of("mismatched", "nothing", most, column), of("mismatched", "all", most, column)
        means = [before.mean(), after.mean()]
        numbers = [most, *(means if column == "sens" else means[::-1]), of("matched", "all", most, column).mean()]
        found[name] = Again(
            numbers=[*numbers, *told(before - after)], values=before - after, confirmatory=column == "sens"
        )
    return found
