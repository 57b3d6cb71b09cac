from . import final_invoice_preview
from . import mail_compose_message
from . import scope_change_decide
from . import toxicity_signal_contest
from . import toxicity_tuning
from . import toxicity_tuning_line
from . import toxicity_tuning_move
from . import toxicity_tuning_preview
