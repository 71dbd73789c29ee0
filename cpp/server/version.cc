#include "server/version.h"

// From CMakeLists.txt, for this file only: a new version compiles nothing else anew.
#ifndef LOCALSQS_VERSION
#define LOCALSQS_VERSION "0"
#endif

namespace sqs::server {

const char* Version() { return LOCALSQS_VERSION; }

}  // namespace sqs::server
