import random

from odoo.tests import BaseCase

from ..models.score_move import Part, Setting, explain_move, get_score


def recorded(weight=1.0, cap=1.5, half_life=100):
    return Setting("recorded", weight, cap, half_life, 0, 1)


def measured(weight=1.0, low=0.0, high=1.0):
    return Setting("measured", weight, 1.0, 180, low, high)


class TestScoreMove(BaseCase):
    def explain(self, then, now, settings, days=100):
        return explain_move(then, now, settings, days)

    def test_silence_shows_as_decay_alone(self):
        setting = recorded()
        then = {"abusive": Part(1, 1, 1.0, setting)}
        move = self.explain(then, {"abusive": 0.5}, {"abusive": setting})
        self.assertAlmostEqual(move.decay, get_score(0.5) - get_score(1))
        self.assertAlmostEqual(move.settings, 0)
        self.assertAlmostEqual(move.evidence, 0)

    def test_another_weight_shows_as_changed_settings_alone(self):
        then = {"late": Part(0.5, 0.5, 0.5, measured())}
        move = self.explain(then, {"late": 1.0}, {"late": measured(weight=2)})
        self.assertAlmostEqual(move.settings, get_score(1) - get_score(0.5))
        self.assertAlmostEqual(move.evidence, 0)

    def test_a_new_signal_shows_as_evidence_alone(self):
        move = self.explain({}, {"abusive": 1.0}, {"abusive": recorded()})
        self.assertEqual(move, (0, 0, 0, 50, 50))

    def test_an_archived_indicator_shows_as_changed_settings(self):
        then = {"late": Part(1, 1, 1.0, measured())}
        move = self.explain(then, {}, {})
        self.assertEqual(move, (50, 0, -50, 0, 0))

    def test_the_three_always_add_up(self):
        draw = random.Random(7)
        for _each in range(300):
            settings = {
                code: draw.choice([recorded, measured])(draw.uniform(0.1, 3))
                for code in "abcdef"
            }
            then = {
                code: Part(draw.random(), draw.random(), draw.random(), settings[code])
                for code in draw.sample("abcdef", draw.randrange(7))
            }
            now = {code: draw.random() for code in draw.sample("abcdef", 3)}
            move = self.explain(then, now, settings, draw.randrange(400))
            whole = move.before + move.decay + move.settings + move.evidence
            self.assertAlmostEqual(whole, move.after, 9)
            self.assertAlmostEqual(move.after, get_score(sum(now.values())), 9)
