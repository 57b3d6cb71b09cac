"""Who may see what of ours: the decisions, and a check that none is missing.

Every model of ours and every field of ours on a model of Odoo's stands here, under the
group that may see it. A new one without a decision fails the tests, and a decision
alone does not help: the leak matrix then tries every way to it as every persona, so
the seed in leak_common.py must hold a value of it.
"""

from odoo.addons.toxic_customer_exit.tests.common import MANAGER_GROUP, USER_GROUP

MODULE = "toxic_customer_exit"

# What colleagues outside have to know to do their work, in neutral words
INTERNAL_GROUP = "base.group_user"

# Abstract models: they hold no records and nothing is read from them.
NOBODY = None

MODELS = {
    USER_GROUP: {
        "customer.claim",
        "customer.exit",
        "customer.exit.ask.reason",
        "customer.exit.deed",
        "customer.exit.gate.line",
        "customer.exit.settle",
        "customer.exit.settle.line",
        "customer.exit.waiver",
        "customer.exit.review",
        "customer.exit.step",
        "customer.exit.commitment",
        "customer.exit.offer",
        "customer.exit.option",
        "customer.exit.option.template",
        "customer.quarantine",
        "customer.quarantine.exception",
        "customer.quarantine.meeting",
        "customer.quarantine.week",
        "goodwill.entry",
        "goodwill.statement",
        "meeting.brief",
        "meeting.brief.line",
        "scope.change",
        "scope.change.decide",
        "scope.change.item",
        "scope.change.proposal",
        "scope.change.proposal.line",
        "toxicity.indicator",
        "toxicity.score",
        "toxicity.score.line",
        "toxicity.score.snapshot",
        "toxicity.signal",
        "toxicity.signal.contest",
        "toxicity.weight",
    },
    MANAGER_GROUP: {
        "customer.exit.walk.away",
        "customer.exit.report",
        "customer.portfolio",
        "customer.quarantine.decide",
        "exit.simulation",
        "final.invoice.preview",
        "final.invoice.preview.line",
        "portfolio.review",
        "portfolio.review.line",
        "pivot.plan",
        "pivot.plan.move",
        "pivot.plan.quarter",
        "scope.change.scan",
        "toxicity.norm",
        "toxicity.score.run",
        "toxicity.tuning",
        "toxicity.tuning.line",
        "toxicity.tuning.move",
    },
    NOBODY: {
        "customer.case",
        "customer.evidence",
        "own.part",
        "customer.quarantine.banner",
        "toxicity.demo",
        "toxicity.internal.thread",
        "toxicity.measure",
        "toxicity.score.engine",
    },
}

# What is not about a customer is the same for every company.
OF_NO_COMPANY = {
    "customer.exit.option.template",
    "toxicity.indicator",
    "toxicity.score.run",
}

# Odoo shows all digests to everybody: that a figure is on tells nothing of a company.
SHOWN_ANYWHERE = {
    ("digest.digest", "kpi_portfolio_hours"),
    ("digest.digest", "kpi_scope_change_open"),
}

# Wherever time of a customer is planned
QUARANTINE_FIELDS = {"quarantine_id", "quarantine_note"}

FIELDS = {
    "account.move": {USER_GROUP: {"exit_id"}},
    "calendar.event": {USER_GROUP: QUARANTINE_FIELDS},
    "crm.lead": {USER_GROUP: {"referred_by_id", *QUARANTINE_FIELDS}},
    "digest.digest": {
        USER_GROUP: {"kpi_scope_change_open", "kpi_scope_change_open_value"},
        MANAGER_GROUP: {"kpi_portfolio_hours", "kpi_portfolio_hours_value"},
    },
    "project.project": {
        USER_GROUP: {
            "is_scope_creep_high",
            "objectives",
            "scope_change_count",
            "scope_change_ids",
            "scope_creep",
            "scope_creep_amount",
            *QUARANTINE_FIELDS,
        }
    },
    "project.task": {USER_GROUP: {"is_out_of_scope", *QUARANTINE_FIELDS}},
    "res.company": {
        # How the company grades its customers tells what it thinks of them.
        USER_GROUP: {
            "claim_tolerance",
            "scope_creep_threshold",
            "toxicity_strained_threshold",
            "toxicity_toxic_threshold",
            "toxicity_watch_threshold",
            "toxicity_window_days",
        },
        MANAGER_GROUP: {
            "exit_letter_reason",
            "exit_new_business",
            "exit_notice_days",
            "exit_self_approval",
        },
    },
    "res.config.settings": {
        USER_GROUP: {
            "claim_tolerance",
            "scope_creep_threshold",
            "toxicity_strained_threshold",
            "toxicity_toxic_threshold",
            "toxicity_watch_threshold",
            "toxicity_window_days",
        },
        MANAGER_GROUP: {
            "exit_letter_reason",
            "exit_new_business",
            "exit_notice_days",
            "exit_self_approval",
            "toxicity_failures",
        },
    },
    "res.partner": {
        USER_GROUP: {
            "customer_claim_ids",
            "customer_class",
            "is_scope_creep_high",
            "open_exit_id",
            "scope_change_count",
            "scope_creep",
            "scope_creep_amount",
            "toxicity_band",
            "toxicity_credit",
            "toxicity_explanation",
            "toxicity_line_ids",
            "toxicity_own_part",
            "toxicity_score",
            "toxicity_score_id",
            "toxicity_signal_count",
            "toxicity_signal_ids",
            "toxicity_trend",
            *QUARANTINE_FIELDS,
        }
    },
    "sale.order": {
        # Whom to ask before going on; why is in former_exit_id.
        INTERNAL_GROUP: {"new_business_note"},
        USER_GROUP: {
            # What was agreed is no secret, but its drift from there is our reading.
            "amended_change_ids",
            "amended_order_id",
            "amendment_count",
            "amendment_ids",
            "baseline_amount",
            "baseline_amount_drift",
            "baseline_commitment_date",
            "baseline_days_drift",
            "baseline_hours",
            "baseline_hours_drift",
            "baseline_objectives",
            "date_baseline",
            "former_exit_id",
            "has_other_objectives",
            "has_undecided_changes",
            "is_amendment",
            "is_baseline_reconstructed",
            "is_scope_creep_high",
            "objectives",
            "offered_change_ids",
            "ordered_hours",
            "scope_change_count",
            "scope_change_ids",
            "scope_creep",
            "scope_creep_amount",
            *QUARANTINE_FIELDS,
        },
    },
    "sale.order.line": {USER_GROUP: {"list_price_unit"}},
}

# Fields of Odoo's that got a further, neutral choice: everybody sees them as before.
WITH_A_CHOICE_OF_OURS = {
    "ir.actions.act_window.view": {"view_mode"},
    "ir.ui.view": {"type"},
}

# Models that have another model's fields by delegation, and its decisions with them.
DELEGATING = {
    "account.bank.statement.line": "account.move",
    "res.users": "res.partner",
}


def get_field_decisions(model):
    """Return {field: group} of the fields of ours on a model of Odoo's."""
    decided = FIELDS.get(DELEGATING.get(model, model), {})
    return {name: group for group, names in decided.items() for name in names}


def get_model_decisions():
    """Return {model: group} of the models of ours."""
    return {name: group for group, names in MODELS.items() for name in names}


def find_own_models(env):
    return {
        name for name, cls in env.registry.items() if cls._original_module == MODULE
    }


def find_own_fields(env):
    """Return {model of Odoo's: fields of ours}, those by delegation included."""
    own = find_own_models(env)
    found = {
        model: {name for name, field in env[model]._fields.items() if is_ours(field)}
        - WITH_A_CHOICE_OF_OURS.get(model, set())
        for model in env.registry
        if model not in own
    }
    return {model: names for model, names in found.items() if names}


def is_ours(field):
    while field.inherited:
        field = field.base_field
    return MODULE in field._modules or field._module == MODULE


def find_undecided(env):
    """Return what nobody has decided on, or decided on in vain, as sentences."""
    own, decided = find_own_models(env), get_model_decisions()
    problems = [f"model {model}: who may read it?" for model in own - decided.keys()]
    problems += [f"model {model} is no longer there" for model in decided.keys() - own]
    found = find_own_fields(env)
    for model in found.keys() | FIELDS.keys() | DELEGATING.keys():
        names, fields = found.get(model, set()), get_field_decisions(model)
        problems += [
            f"field {model}.{name}: who may see it?" for name in names - {*fields}
        ]
        problems += [
            f"field {model}.{name} is no longer there" for name in {*fields} - names
        ]
    return sorted(problems)


def find_wrong_groups(env):
    """Return the fields whose groups are not what was decided, as sentences."""
    return sorted(
        f"field {model}.{name}: decided for {group}, declared for {field_groups}"
        for model in find_own_fields(env)
        for name, group in get_field_decisions(model).items()
        if (field_groups := env[model]._fields[name].groups) != group
    )
