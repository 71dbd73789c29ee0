"""Lambda-style handlers on an engine: event source mappings, invocations, functions, their API.

    engine.event_source_mapping("orders", handler, batch_size=10)
    engine.run_until_idle()

A message's way, and the module for each part of it:

    queue -> poller -> filters -> batch -> sink -> function -> runner -> handler
              |  ^                                                         |
              |  +---- partial_response <---------- outcome <--------------+
              v
            delete what succeeded; what failed comes again when its visibility timeout ends

    create, service, settings     a mapping is made, looked at, changed
    mapping, invocation, report   what a program sees of it
    poller, scaling               when it receives, how much at a time: virtual_poller, real_time
    filters, patterns             which messages are for the function
    event, batch, context         what the handler gets
    in_process, process_runner    where it runs; sleeping, overlay, capture, watchdog: what it finds there
    pipe                          a pipe: the same poller with another sink

How it differs from the service (what AWS does is in shared/spec/around.md, 1; choices of ours are marked [ours] there):

- In virtual time a handler takes as long as it sleeps; computing takes none. A poller receives when there is something
  to receive, so there are no empty receives; `RunReport.idle_polls` estimates them for the bill.
- A batching window begins with the first message of its batch, and low traffic makes it no longer.
- How fast AWS backs off after errors is not documented; see `scaling`. The throughput of provisioned pollers is not
  limited, only their concurrency.
- On a SystemClock a mapping has five threads, or as many as its MaximumConcurrency: five batches at a time.
- Throttled batches are offered again after 1, 2, 4, 8, 8 ... seconds.
- A handler in this process shares modules with the tests, and with other functions. `os._exit` ends the tests.
"""
