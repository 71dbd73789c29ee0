// Whether this process is still the one that something was made in.
#pragma once

namespace sqs {

// How often this process and those it was forked from have been forked into: in a child it is one more than in its
// parent. A system call a request less than asking for the pid.
int ForkCount();

}  // namespace sqs
