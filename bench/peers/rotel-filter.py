# Keeps the spans with an upstream error: rotel's stock way to filter is a processor in Python.
def process_spans(resource_spans):
    for scope_spans in resource_spans.scope_spans:
        scope_spans.spans = [span for span in scope_spans.spans if has_upstream_error(span)]


def has_upstream_error(span):
    return any(event.name == "ops.upstream_error" for event in span.events)
