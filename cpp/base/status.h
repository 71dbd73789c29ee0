// Early return on a failed absl::Status: the shape of the macros that newer Abseil releases ship.
//
//   SQS_RETURN_IF_ERROR(ValidateName(name));
//   SQS_ASSIGN_OR_RETURN(Queue* queue, Find(url));
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define SQS_RETURN_IF_ERROR(expression)                       \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) { \
      return status_;                                         \
    }                                                         \
  } while (false)

#define SQS_STATUS_CONCAT_INNER_(a, b) a##b
#define SQS_STATUS_CONCAT_(a, b) SQS_STATUS_CONCAT_INNER_(a, b)

#define SQS_ASSIGN_OR_RETURN(target, expression) \
  SQS_ASSIGN_OR_RETURN_(SQS_STATUS_CONCAT_(status_or_, __LINE__), target, expression)

#define SQS_ASSIGN_OR_RETURN_(temporary, target, expression) \
  auto temporary = (expression);                             \
  if (!temporary.ok()) return std::move(temporary).status(); \
  target = *std::move(temporary)
