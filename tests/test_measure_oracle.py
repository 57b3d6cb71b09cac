from collections import Counter
from contextlib import closing

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, settings

from odoo.tests import tagged

from .measure_books import Books
from .measure_oracle import MEASURES
from .measure_stage import MeasureStage
from .measure_world import MOMENTS, WorldBuilder, worlds

WORLDS_PER_MOMENT = 2
# How many lines of each measure are opened in each world
OPENED_PER_WORLD = 3


@tagged("post_install", "-at_install")
class TestMeasureOracle(MeasureStage):
    """Every measure agrees with a second computation that shares no line with it."""

    def test_all_measures_agree_with_the_independent_computation(self):
        self.found, self.missing, self.opened = Counter(), Counter(), Counter()

        for now in MOMENTS:
            self.agree_at(now)
        compared = self.found + self.missing
        self.assertGreaterEqual(compared.total(), 2000)
        for code in MEASURES:
            with self.subTest(code=code):
                self.assertGreaterEqual(self.found[code], 50)
                self.assertGreaterEqual(self.missing[code], 50)
                self.assertGreaterEqual(self.opened[code], OPENED_PER_WORLD)

    def agree_at(self, now):
        # Shrinking would build hundreds of worlds; a disagreement names its cell.
        @settings(
            max_examples=WORLDS_PER_MOMENT,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(worlds(now))
        def agree(world):
            with closing(self.env.cr.savepoint()), freeze_time(world.now):
                self.compare(world)

        agree()

    def compare(self, world):
        partners = WorldBuilder(self, world).build()
        kept = self.env["toxicity.score.engine"]._keep_relations()
        self.env["toxicity.norm"].sudo()._refresh(kept)
        self.env["toxicity.score"]._rescore(partners)
        books = Books(self.env, world.now.date())
        expected = {
            (customer.id, company.id, code): finding
            for code, measure in MEASURES.items()
            for (customer, company), finding in measure(books).items()
        }
        lines = {
            (line.partner_id.id, line.company_id.id, line.indicator_id.code): line
            for line in self.env["toxicity.score.line"].search(
                [("origin", "=", "measured")]
            )
        }
        self.count(partners, expected)
        self.assertFalse(self.get_disagreements(world, expected, lines))
        self.open_some(world, expected, lines)

    def count(self, partners, expected):
        for customer in partners.commercial_partner_id:
            for company in self.companies:
                for code in MEASURES:
                    known = (customer.id, company.id, code) in expected
                    (self.found if known else self.missing)[code] += 1

    def get_disagreements(self, world, expected, lines):
        """What the engine says otherwise, as sentences; it rounds to six decimals."""
        return [
            f"{key} in {world.now}: {lines[key].value if key in lines else None}"
            f" instead of {float(expected[key].value) if key in expected else None}"
            for key in sorted(expected.keys() | lines.keys())
            if key not in expected
            or key not in lines
            or abs(lines[key].value - float(expected[key].value)) > 1.5e-6
        ]

    def open_some(self, world, expected, lines):
        for code in sorted(MEASURES):
            keys = sorted(key for key in lines if key[2] == code)
            for key in world.chance.sample(keys, min(len(keys), OPENED_PER_WORLD)):
                self.assert_opens(key, lines[key], expected[key].records)

    def assert_opens(self, key, line, expected):
        line = line.with_env(
            self.env(
                user=self.reader,
                su=False,
                context={"allowed_company_ids": self.companies.ids},
            )
        )
        links = [link["model"] for link in line._get_bar()["records"]]
        self.assertCountEqual(links, [each._name for each in expected], key)
        for each in expected:
            action = line.action_open_records(each._name)
            records = line.env[action["res_model"]].with_context(**action["context"])
            shown = records.search(action["domain"])
            self.assertEqual(set(shown.ids), set(each.ids), (key, each._name))
        self.opened[key[2]] += 1
