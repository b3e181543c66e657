"""What schemathesis need not try, since it is passed over on purpose."""

import schemathesis


def is_nothing(value):
    """What some clients send for nothing (contract, section 8)."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return not values or any(one in (None, "", "null", "undefined") for one in values)


@schemathesis.hook
def filter_case(_context, case):
    """Whether a case is worth sending: unknown query keys are ignored (contract, section 1)."""
    query = case.query or {}
    known = {parameter.name for parameter in case.operation.query}
    is_ignored = any(name not in known or is_nothing(value) for name, value in query.items())
    return not is_ignored
