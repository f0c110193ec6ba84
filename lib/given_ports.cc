// See lib/given_ports.h.
#include "lib/given_ports.h"

#include "lib/ask_monitor.h"
#include "lib/container_json.h"

namespace lib {
namespace {

constexpr Question ports_question{"ports.json", "ports-answer"};

} // namespace

void hand_over_ports(const ContainerDir& dir, const ContainerRecord& record, const std::vector<PortMapping>& ports) {
    ask_monitor(dir, record, ports_question, ports_json_text(ports));
}

std::optional<std::vector<PortMapping>> take_given_ports(const ContainerDir& dir) {
    const auto text = take_question(dir, ports_question);
    if (!text) return std::nullopt;
    return parse_ports(*text, dir.path() + "/" + ports_question.file);
}

void answer_given_ports(const ContainerDir& dir, const std::string& problem) { answer_question(dir, ports_question, problem); }

} // namespace lib
