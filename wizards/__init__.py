from . import final_invoice_preview
from . import mail_compose_message
from . import toxicity_signal_contest
