// HTTP/1.1, the way out: answers -> bytes appended to the output buffer.
#pragma once

#include <string>

#include "wire/protocol.h"

namespace sqs::server {

// `keep_alive`: whether the connection stays open after it.
void AppendHttpAnswer(const wire::Answer& answer, bool keep_alive, std::string* out);
// An answer without a body: to HEAD and OPTIONS.
void AppendEmptyHttpAnswer(int status, bool keep_alive, std::string* out);

}  // namespace sqs::server
