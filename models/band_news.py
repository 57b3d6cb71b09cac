"""Which changes of bands are news of the customers, as the context says it.

Thousands may move at once: when the module is new, and when settings change. Whoever
changed them was shown who moves; telling every account manager again would bury what
customers did. Clients fill contexts as well: these count only because no client can
make them.
"""

NEWS = "toxicity_band_news"
# Somebody recorded something: the first band of a customer is news as well.
FROM_THE_FIRST = object()
NOTHING = object()

BY_PEOPLE = {NEWS: FROM_THE_FIRST}
BY_SETTINGS = {NEWS: NOTHING}
