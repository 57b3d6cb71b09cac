"""How long it takes until other business has earned what a customer leaves in a year.

Values in, values out: the simulation of an exit and its impact ask the same question.
"""

# Later than this nobody's pipeline tells anything.
HORIZON = 60


def months_to_replace(margin, pipeline, capacity=None):
    """Return after how many months the margin is replaced, or None if it never is.

    `pipeline` is the margin expected to be won per month, {months from now: amount};
    what is not worked off in a month waits for the next. `capacity` is what the freed
    hours can earn a month, None where that is not known.
    """
    if margin <= 0:
        return 0
    earned = waiting = 0.0
    for month in range(HORIZON):
        waiting += pipeline.get(month, 0.0)
        done = waiting if capacity is None else min(waiting, capacity)
        waiting -= done
        earned += done
        # A hair for sums of binary fractions
        if earned >= margin - 1e-6:
            return month + 1
    return None
