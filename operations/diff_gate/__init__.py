"""Says before a merge what a change does to every stack in every environment and region.

Both sides are synthesized without credentials; CDK's own diff compares the templates, and
what it finds is judged: nothing, harmless, replacement, destruction, broadened access.
"""
