// The bytes of a connection, through the server's read loop: every answer is a whole HTTP answer, and how the bytes are
// cut into pieces makes no difference. A parked poll is answered when its time is over; nothing is left behind.
//
// The input is what a client sends. Each of its CAN bytes (0x18) is a cut, not a byte.
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fuzz.h"
#include "server/connection.h"

namespace sqs::fuzz {
namespace {

constexpr char kCut = '\x18';
constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// One connection between us and a server without a port: a pair of sockets.
class Client {
 public:
  Client() : clock_(std::make_shared<ManualClock>(absl::FromUnixSeconds(1767225600), /*auto_advance=*/false)) {
    int ends[2];
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    ours_ = ends[0];
    boost::asio::ip::tcp::socket theirs(io_);
    theirs.assign(boost::asio::ip::tcp::v4(), ends[1]);
    const std::shared_ptr<server::Connection> connection = server::MakeConnection(std::move(theirs), context_);
    connection_ = connection;
    connection->Start();
  }
  ~Client() { close(ours_); }

  // Sends the pieces and returns all that came back.
  std::string Talk(const std::vector<absl::string_view>& pieces) {
    for (absl::string_view piece : pieces) Send(piece);
    // Everything is said: what is parked runs out of time, one poll after the other.
    while (engine_.waiter_count() > 0) {
      clock_->Advance(absl::Seconds(20));
      Work();
    }
    shutdown(ours_, SHUT_WR);
    Work();
    FUZZ_CHECK(connection_.expired());
    FUZZ_CHECK(engine_.waiter_count() == 0);
    FUZZ_CHECK(counters_.connections() == 0 && counters_.parked_polls() == 0);
    return answers_;
  }

 private:
  void Send(absl::string_view piece) {
    while (!piece.empty()) {
      const ssize_t sent = send(ours_, piece.data(), piece.size(), MSG_NOSIGNAL);
      Work();
      if (sent <= 0) return;  // Closed, or not read from while a poll is parked: enough is there.
      piece.remove_prefix(static_cast<size_t>(sent));
    }
  }

  // Lets the server do what it can, and takes what it answers.
  void Work() {
    for (bool idle = false; !idle;) {
      io_.restart();
      idle = io_.poll() == 0;
      char buffer[65536];
      for (ssize_t got = recv(ours_, buffer, sizeof(buffer), 0); got > 0;
           got = recv(ours_, buffer, sizeof(buffer), 0)) {
        answers_.append(buffer, static_cast<size_t>(got));
        idle = false;
      }
    }
  }

  std::shared_ptr<ManualClock> clock_;
  Engine engine_{{.clock = clock_, .seed = 7}};
  boost::asio::io_context io_{1};
  server::Dispatcher dispatcher_{engine_, {}, nullptr};
  server::ServerCounters counters_;
  server::Control control_{engine_, counters_};
  server::ServerLimits limits_;
  server::ServerContext context_{.io = io_,
                                 .dispatcher = dispatcher_,
                                 .control = control_,
                                 .counters = counters_,
                                 .engine = engine_,
                                 .limits = limits_,
                                 .tls = nullptr,
                                 .log = nullptr};
  std::weak_ptr<server::Connection> connection_;
  int ours_ = -1;
  std::string answers_;
};

// Takes whole answers from the front, until nothing is left. Those to HEAD have no body to tell of.
void CheckAnswers(absl::string_view answers) {
  while (!answers.empty()) {
    const size_t head_end = answers.find("\r\n\r\n");
    FUZZ_CHECK(absl::StartsWith(answers, "HTTP/1.1 ") && head_end != absl::string_view::npos);
    size_t length = 0;
    for (absl::string_view line : absl::StrSplit(answers.substr(0, head_end), "\r\n")) {
      FUZZ_CHECK(!absl::StrContains(line, '\n') && !absl::StrContains(line, '\r'));
      if (absl::ConsumePrefix(&line, "Content-Length: ")) FUZZ_CHECK(absl::SimpleAtoi(line, &length));
    }
    answers.remove_prefix(head_end + 4);
    FUZZ_CHECK(length <= answers.size());
    answers.remove_prefix(length);
  }
}

// "Continue" is said only while a body is awaited: whether it is depends on the cuts.
std::string WithoutContinue(const std::string& answers) { return absl::StrReplaceAll(answers, {{kContinue, ""}}); }

}  // namespace

void Run(absl::string_view input) {
  const std::vector<absl::string_view> pieces = absl::StrSplit(input, kCut);
  const std::string whole = absl::StrReplaceAll(input, {{absl::string_view(&kCut, 1), ""}});

  const std::string in_pieces = Client().Talk(pieces);
  CheckAnswers(in_pieces);
  const std::string at_once = Client().Talk({whole});
  CheckAnswers(at_once);
  if (absl::StrContains(at_once, "process_resident_memory_bytes")) return;  // /metrics: no two are the same.
  FUZZ_EQ(WithoutContinue(in_pieces), WithoutContinue(at_once));
}

}  // namespace sqs::fuzz
