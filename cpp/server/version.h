// The package's version, which stands in pyproject.toml alone.
#pragma once

namespace sqs::server {

const char* Version();

}  // namespace sqs::server
