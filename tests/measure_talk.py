"""What customers of a generated world say: ratings, meetings, messages, leads."""

from datetime import timedelta

from odoo import Command


class Talk:
    """The part of `Facts` that knows what customers say, and how they came to us."""

    def _prepare_rating(self, day):
        rated_on = self.moment(day)
        # Renaming a task rewrites the second, and before 19 there was no first.
        dates = self.pick((rated_on, self.now), (None, rated_on))
        return (
            {
                "partner_id": self.person(),
                "rating": self.pick(0, 1, 2, 3, 3.5, 4, 5, 5),
                "consumed": self.maybe(0.75),
            },
            dict(zip(("rated_on", "write_date"), dates, strict=True)),
        )

    def _tell_ratings(self):
        for _rating in range(self.pick(0, 1, 2)):
            record = self.pick(
                *self.stage.projects.values(),
                self.stage.open_project,
                self.stage.products[0].product_tmpl_id,
                *self.stage.rated,
            )
            self.told["ratings"].append(
                (record._name, record.id, *self._prepare_rating(self.day()))
            )

    def _record_ratings(self):
        told = self.told["ratings"]
        models = {
            name: self.env["ir.model"]._get_id(name)
            for name in {model for model, *_rest in told}
        }
        ratings = self.make(
            "rating.rating",
            [
                {**vals, "res_model_id": models[model], "res_id": res_id}
                for model, res_id, vals, _dates in told
            ],
        )
        for rating, (_m, _id, _vals, dates) in zip(ratings, told, strict=True):
            self.update(rating, **dates)

    def _tell_meetings(self):
        for _meeting in range(self.pick(0, 1, 2)):
            start = self.moment()
            whole_day = self.maybe(0.12)
            self.told["meetings"].append(
                (
                    {
                        "name": "Meeting",
                        "start": start,
                        "stop": start
                        + timedelta(minutes=self.pick(20, 45, 60, 90, 480)),
                        "allday": whole_day,
                        "user_id": self.pick(
                            *self.stage.organisers, self.env["res.users"]
                        ).id,
                        "active": not self.maybe(0.1),
                        "partner_ids": [
                            Command.set(
                                {
                                    self.person(),
                                    self.person(),
                                    self.pick(
                                        self.stage.colleague.partner_id, self.referrer
                                    ).id,
                                }
                            )
                        ],
                    },
                    {},
                )
            )

    def _tell_messages(self):
        for _message in range(self.pick(9, 25, 35, 45)):
            kind = self.pick("email", "comment", "comment", "email", "notification")
            vals = self._prepare_message(
                self.customer.partner, self.moment(), kind, self.person()
            )
            company = self.pick(*self.stage.companies, *self.stage.companies[:1], None)
            vals["record_company_id"] = company and company.id
            self.told["messages"].append((vals, {}))

    def _prepare_message(self, record, date, kind, author=False):
        return {
            "model": record._name,
            "res_id": record.id,
            "message_type": kind,
            "author_id": author,
            "email_from": "someone@example.com",
            "reply_to": "someone@example.com",
            "date": date,
        }

    def _tell_leads(self):
        for _lead in range(self.pick(1, 2, 3)):
            company = self.pick(*self.stage.companies, None, None)
            self.told["leads"].append(
                (
                    {
                        "name": "Lead",
                        "type": self.pick("lead", "opportunity"),
                        "partner_id": self.maybe(0.8) and self.person(),
                        "company_id": company and company.id,
                        "user_id": False,
                        "team_id": False,
                        "stage_id": self.pick(*self.stage.stages).id,
                        "referred_by_id": self.maybe(0.7) and self.referrer.id,
                    },
                    {"create_date": self.moment(), "active": not self.maybe(0.2)},
                )
            )
