from .common import ToxicityCommon


class LeakOwnPart(ToxicityCommon):
    """What we did ourselves at the customer whom everybody looks for."""

    @classmethod
    def seed_own_part(cls):
        """One milestone of ours was late, at this customer alone."""
        cls.env["project.milestone"].create(
            {
                "name": "Delivery",
                "project_id": cls.projects[0].id,
                "deadline": cls.days_ago(9),
            }
        )
