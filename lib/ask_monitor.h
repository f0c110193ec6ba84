// A question to the monitor of a running container, and its answer: a file for each in the container's directory, and SIGHUP.
#pragma once

#include "lib/container_store.h"

#include <optional>
#include <string>

namespace lib {

/// The names of both files.
struct Question {
    const char* file;
    const char* answer;
};

/// Returns once it is done as asked. The caller holds the container's lock. Throws the monitor's Error, when nothing has changed, and
/// where nobody answers.
void ask_monitor(const ContainerDir& dir, const ContainerRecord& record, const Question& question, const std::string& text);

/// The monitor's side: what was asked, once. Nothing where who asked is gone meanwhile.
std::optional<std::string> take_question(const ContainerDir& dir, const Question& question);
/// `problem` empty: it is done.
void answer_question(const ContainerDir& dir, const Question& question, const std::string& problem);

} // namespace lib
