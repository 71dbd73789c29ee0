// Control of an engine over HTTP: what a test in any language needs beside SQS itself. JSON in, JSON out.
//
// Below /_localsqs:
//   GET                                     the pages there are
//   GET /health                             {"status": "ok", "version", "clock": "system"|"manual"|"python", "now",
//                                            "queues": N, "seed"}
//   POST /reset                             deletes every queue, ends waits, switches faults off; the clock, the seed
//                                           and the history go on
//   GET /clock                              {"clock", "now", "now_ns", "auto_advance", "next_event_at"}, null: none
//   POST /clock/advance                     {"seconds": 30}; also milliseconds, minutes, hours, days, added up: moves a
//                                           manual clock through every event on the way; answers as GET /clock
//   POST /clock/move_to                     {"to": "2026-01-01T00:00:30Z" or milliseconds since the epoch}
//   GET /faults                             the members of FaultOptions (account/faults.h)
//   PUT, POST, DELETE /faults               sets those named, the others off; sets those named, the others stay; all
//                                           off. All answer the faults as they are then
//   GET /history                            ?since=N&limit=1000&queue=&kind=&message_id=
//                                           {"effects", "next", "count"}; see history_json.h
//   GET /queues                             {"queues": [...]}; see queue_json.h
//   GET /queues/REGION/ACCOUNT/NAME         one of them
//   GET /queues/REGION/ACCOUNT/NAME/messages   ?state=visible|in_flight|delayed&cursor=&limit=100: a look without
//                                           receiving: {"messages", "next", "queue"}
// GET /metrics                              Prometheus text; see metrics.h
//
// Instants are texts in RFC 3339, UTC, cut to milliseconds; a member that ends in "_ns" is the exact one, in
// nanoseconds since the epoch. What goes wrong is {"error": "..."}: 400 bad input, and nothing has changed; 404 no such
// page or queue; 405 wrong method; 409 moving a clock that is not manual. A parameter or member that a page does not
// know is bad input: a misspelt filter would take everything.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "engine/engine.h"
#include "server/metrics.h"

namespace sqs::server {

struct ControlRequest {
  absl::string_view method;
  absl::string_view target;  // Path and query string.
  absl::string_view body;
};

struct ControlAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// "/_localsqs" and what is below it, and "/metrics"; with or without a query string.
bool IsControlPath(absl::string_view target);

// Thread-safe. Both arguments must outlive it.
class Control {
 public:
  Control(Engine& engine, const ServerCounters& counters) : engine_(engine), counters_(counters) {}

  // Moving the clock may serve waits: their callbacks are called from here, with no lock held.
  ControlAnswer Answer(const ControlRequest& request);

 private:
  Engine& engine_;
  const ServerCounters& counters_;
};

}  // namespace sqs::server
