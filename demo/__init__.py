from . import toxicity_demo
from . import toxicity_demo_stories
