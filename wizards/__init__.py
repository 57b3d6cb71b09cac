from . import toxicity_signal_contest
from . import final_invoice_preview
