// See lib/other_runtime/abilities.h.
#include "lib/other_runtime/abilities.h"

#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "lib/other_runtime/program.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace lib {
namespace {

constexpr std::chrono::seconds patience{10};

} // namespace

RuntimeAbilities parse_abilities(const std::string& text, const std::string& program) {
    const std::string where = cat(program, " features");
    const nlohmann::json document = oci::parse_json_text(text, where);
    const oci::Fields o(document, where);
    RuntimeAbilities abilities;
    abilities.newest = o.text("ociVersionMax");
    abilities.mount_options = o.texts("mountOptions");
    const auto linux = o.object("linux");
    if (!linux) return abilities;
    abilities.namespaces = linux->texts("namespaces");
    abilities.capabilities = linux->texts("capabilities");
    const auto seccomp = linux->object("seccomp");
    if (!seccomp) return abilities;
    if (seccomp->has("enabled")) abilities.seccomp = seccomp->flag("enabled");
    abilities.seccomp_actions = seccomp->texts("actions");
    abilities.seccomp_operators = seccomp->texts("operators");
    abilities.seccomp_architectures = seccomp->texts("archs");
    abilities.seccomp_flags = seccomp->texts("knownFlags");
    return abilities;
}

RuntimeAbilities ask_abilities(const OtherRuntime& runtime) {
    const UniqueFd answer = memory_file();
    const ProgramEnd end = run_program({.words = {runtime.path, "features"}, .streams = {.stdio = {-1, answer.get(), -1}, .preserved = {}}, .patience = patience});
    const std::string text = read_memory_file(answer.get());
    // Older than the command, or it has printed its help.
    if (end.exit_code != 0 || nlohmann::json::parse(text, nullptr, false).is_discarded()) return {};
    return parse_abilities(text, runtime.path);
}

bool may_have(const std::optional<std::vector<std::string>>& list, const std::string& word) {
    return !list || std::ranges::find(*list, word) != list->end();
}

} // namespace lib
