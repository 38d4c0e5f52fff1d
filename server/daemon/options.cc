#include "options.h"

#include <optional>
#include <string_view>

#include "base/errors.h"
#include "config/properties.h"

namespace leat::daemon {

const char* const usage =
    "usage: leatd [FILE.properties] [--set KEY=VALUE]... [--log-level LEVEL]\n"
    "\n"
    "Runs a Kafka broker and controller in one process.\n"
    "\n"
    "  FILE.properties    Kafka's server.properties; every setting has a default\n"
    "  --set KEY=VALUE    one setting, over that of the file; may be repeated\n"
    "  --log-level LEVEL  debug, info, warning, error or off, on standard error;\n"
    "                     LEAT_LOG in the environment does the same; info by default\n"
    "  --help             this text\n"
    "  --version          the version\n"
    "\n"
    "It prints one line when it is ready. SIGTERM and SIGINT stop it cleanly.\n"
    "Exit status: 0 after a clean stop, 2 when it cannot start, 1 when stopping failed.\n"
    "\n"
    "  leatd --set log.dirs=/var/lib/leat --set listeners=PLAINTEXT://:9092\n";

namespace {

// "--name value" or "--name=value". Moves `at` to the value's argument.
Result<std::optional<std::string_view>> value_of(std::string_view name, std::span<const char* const> arguments,
                                                 std::size_t& at) {
  const std::string_view argument = arguments[at];
  if (argument == name) {
    if (at + 1 == arguments.size())
      return Error{Errc::invalid_argument, std::string(name) + " needs a value; leatd --help shows how"};
    return std::optional<std::string_view>(arguments[++at]);
  }
  if (argument.size() > name.size() && argument.starts_with(name) && argument[name.size()] == '=')
    return std::optional(argument.substr(name.size() + 1));
  return std::optional<std::string_view>();
}

}  // namespace

Result<Options> parse_options(std::span<const char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      options.help = true;
      continue;
    }
    if (argument == "--version") {
      options.version = true;
      continue;
    }
    LEAT_TRY(auto assignment, value_of("--set", arguments, i));
    if (!assignment) {  // the word of Kafka's own scripts
      LEAT_TRY(assignment, value_of("--override", arguments, i));
    }
    if (assignment) {
      if (assignment->find('=') == std::string_view::npos)
        return Error{Errc::invalid_argument, "--set " + std::string(*assignment) +
                                                 ": write it as KEY=VALUE, such as --set log.dirs=/var/lib/leat"};
      options.settings.push_back(config::parse_assignment(*assignment));
      continue;
    }
    LEAT_TRY(const auto level, value_of("--log-level", arguments, i));
    if (level) {
      options.log_level = *level;
      continue;
    }
    if (argument.starts_with("-"))
      return Error{Errc::invalid_argument, "there is no option " + std::string(argument) + "; leatd --help shows them"};
    if (!options.file.empty())
      return Error{Errc::invalid_argument,
                   "only one properties file can be given, not both " + options.file + " and " + std::string(argument)};
    options.file = argument;
  }
  return options;
}

}  // namespace leat::daemon
