from . import toxicity_demo
from . import toxicity_demo_difficult
from . import toxicity_demo_good
from . import toxicity_demo_drift
from . import toxicity_demo_past
from . import toxicity_demo_review
from . import toxicity_demo_plan
