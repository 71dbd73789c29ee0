#include "main/options.h"

#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "account/queue_address.h"

namespace sqs {
namespace {

struct Flag {
  const char* name;
  const char* value;  // What to call it in the help; "" for a switch.
  const char* help;
  // False if the value is not one.
  std::function<bool(CommandLine&, const std::string&)> set;
};

template <class Number>
bool SetNumber(const std::string& text, uint64_t low, uint64_t high, Number* target) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < low || number > high) return false;
  *target = static_cast<Number>(number);
  return true;
}

bool SetText(const std::string& text, std::string* target) {
  *target = text;
  return !text.empty();
}

// Bytes, or so many KiB, MiB or GiB: 256M.
bool SetSize(const std::string& text, std::optional<int64_t>* target) {
  constexpr absl::string_view kUnits = "KMG";
  const size_t unit = text.empty() ? absl::string_view::npos : kUnits.find(text.back());
  const bool has_unit = unit != absl::string_view::npos;
  const int shift = has_unit ? 10 * (static_cast<int>(unit) + 1) : 0;
  int64_t number = 0;
  if (!SetNumber(has_unit ? text.substr(0, text.size() - 1) : text, 1, uint64_t{INT64_MAX} >> shift, &number)) {
    return false;
  }
  *target = number << shift;
  return true;
}

bool SetClock(const std::string& text, bool* manual) {
  *manual = text == "manual";
  return *manual || text == "system";
}

const std::vector<Flag>& Flags() {
  static const auto* const flags = new std::vector<Flag>{
      {"host", "ADDRESS", "address to listen on (127.0.0.1)",
       [](CommandLine& line, const std::string& value) { return SetText(value, &line.server.host); }},
      {"port", "N", "port; 0 takes a free one (9324)",
       [](CommandLine& line, const std::string& value) { return SetNumber(value, 0, 65535, &line.server.port); }},
      {"threads", "N", "threads that serve connections (1)",
       [](CommandLine& line, const std::string& value) { return SetNumber(value, 1, 1024, &line.server.threads); }},
      {"region", "NAME", "of callers whose signature names none (us-east-1)",
       [](CommandLine& line, const std::string& value) { return SetText(value, &line.server.identity.region); }},
      {"account", "ID", "of callers whose access key names none (000000000000)",
       [](CommandLine& line, const std::string& value) {
         return SetText(value, &line.server.identity.account) && IsAccountId(value);
       }},
      {"clock", "KIND", "system, or manual: moves through /_localsqs/clock (system)",
       [](CommandLine& line, const std::string& value) { return SetClock(value, &line.manual_clock); }},
      {"db", "FILE", "keep the queues in this file; without it they end with the server",
       [](CommandLine& line, const std::string& value) { return SetText(value, &line.db); }},
      {"durability", "HOW", "commit, interval (sync within 5 ms) or os (left to the system) (commit)",
       [](CommandLine& line, const std::string& value) { return ParseDurability(value, &line.durability); }},
      {"memory-limit", "SIZE", "of --db: bodies kept in memory, as 256M; what is beyond is in the file only (all)",
       [](CommandLine& line, const std::string& value) { return SetSize(value, &line.memory_limit); }},
      {"seed", "N", "of message ids and everything else random",
       [](CommandLine& line, const std::string& value) {
         return SetNumber(value, 0, UINT64_MAX, &line.seed.emplace());
       }},
      {"strict", "", "the 60-second rules after DeleteQueue and PurgeQueue",
       [](CommandLine& line, const std::string&) { return line.strict = true; }},
      {"credentials", "FILE", "access keys: requests must be signed, queue policies are enforced",
       [](CommandLine& line, const std::string& value) { return SetText(value, &line.server.credentials_path); }},
      {"tls-cert", "FILE", "PEM certificate chain: HTTPS",
       [](CommandLine& line, const std::string& value) { return SetText(value, &line.server.tls_cert_path); }},
      {"tls-key", "FILE", "its PEM key",
       [](CommandLine& line, const std::string& value) { return SetText(value, &line.server.tls_key_path); }},
      {"external-url", "URL", "base of the queue URLs handed out, instead of the host that the client used",
       [](CommandLine& line, const std::string& value) { return SetText(value, &line.server.identity.external_url); }},
      {"insecure", "", "allow an address that other machines can reach, without credentials",
       [](CommandLine& line, const std::string&) { return line.server.beyond_loopback = true; }},
      {"log", "", "a line a request to standard error",
       [](CommandLine& line, const std::string&) { return line.server.log = true; }},
      {"version", "", "print the version", [](CommandLine& line, const std::string&) { return line.version = true; }},
      {"help", "", "print this", [](CommandLine& line, const std::string&) { return line.help = true; }},
  };
  return *flags;
}

const Flag* FindFlag(absl::string_view name) {
  for (const Flag& flag : Flags()) {
    if (name == flag.name) return &flag;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.server.port = 9324;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const size_t equals = argument.find('=');
    const Flag* flag = absl::StartsWith(argument, "--") ? FindFlag(argument.substr(2, equals - 2)) : nullptr;
    if (flag == nullptr) return absl::InvalidArgumentError(absl::StrCat("unrecognized argument: ", argument));
    std::string value;
    const bool takes_value = *flag->value != '\0';
    if (equals != std::string::npos) {
      if (!takes_value) return absl::InvalidArgumentError(absl::StrCat("--", flag->name, " takes no value"));
      value = argument.substr(equals + 1);
    } else if (takes_value) {
      if (i + 1 == arguments.size())
        return absl::InvalidArgumentError(absl::StrCat("--", flag->name, " needs a value"));
      value = arguments[++i];
    }
    if (!flag->set(line, value)) {
      return absl::InvalidArgumentError(absl::StrCat("--", flag->name, ": invalid value '", value, "'"));
    }
  }
  if (line.memory_limit.has_value() && line.db.empty()) {
    return absl::InvalidArgumentError("--memory-limit needs --db: there is nowhere else to keep what is beyond it");
  }
  return line;
}

std::string Usage() {
  std::string text =
      "usage: localsqs-server [FLAGS]\n\nAmazon SQS on your own machine: the endpoint, until stopped.\n\n";
  for (const Flag& flag : Flags()) {
    const std::string name = absl::StrCat("--", flag.name, *flag.value == '\0' ? "" : " ", flag.value);
    text += absl::StrFormat("  %-22s %s\n", name, flag.help);
  }
  return text;
}

}  // namespace sqs
