#pragma once

#include <leat/error.h>

#include <string>

namespace leat::cli {

/// What the operator reads: "creating topic t: it exists (TOPIC_ALREADY_EXISTS)". Errors that were made for the
/// operator (invalid_argument, disconnected, not_found) are shown without their code.
std::string sentence(const Error& error);

/// Whoever read our standard output has gone, which is no failure of ours.
Error reader_gone();
bool is_reader_gone(const Error& error);

}  // namespace leat::cli
