// ctl image trust show, set.
#include "base/error.h"
#include "base/files.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "lib/trust.h"

#include <nlohmann/json.hpp>

namespace cli {
namespace {

using nlohmann::json;

/// Podman's words for the kinds of requirements; others stand for themselves.
std::string type_word(const std::string& kind) {
    if (kind == "insecureAcceptAnything") return "accept";
    if (kind == "signedBy") return "signed";
    return kind;
}

std::string transport_word(const std::string& transport) { return transport == "docker" ? "repository" : transport; }

json row_document(const lib::TrustRow& row) {
    const std::string name = row.transport == "all" ? "* (default)" : row.scope;
    json document{{"transport", transport_word(row.transport)}, {"name", name}, {"repo_name", row.scope}, {"type", type_word(row.requirement.kind)}};
    if (!row.requirement.keys.empty()) document["keys"] = row.requirement.keys;
    return document;
}

std::string parse_kind(const std::string& type) {
    if (type == "accept" || type == "insecureAcceptAnything") return "insecureAcceptAnything";
    if (type == "reject" || type == "signedBy" || type == "sigstoreSigned") return type;
    throw Error("image trust set: --type: \"", type, "\" is not one of accept, reject, signedBy, sigstoreSigned");
}

} // namespace

int cmd_trust_show(const ParsedCommand& command, const Globals&) {
    const lib::TrustPolicy policy = lib::TrustPolicy::load();
    if (policy.file().empty())
        throw Error("there is no policy, every image is accepted: ", lib::user_policy_file(), " and ", lib::system_policy_file, " are not there");
    if (command.is_on("raw")) {
        print(files::read(policy.file()));
        return 0;
    }
    const std::vector<lib::TrustRow> rows = lib::trust_rows(policy, command.arguments.empty() ? "" : command.arguments.front());
    if (command.is_on("json")) {
        json documents = json::array();
        for (const lib::TrustRow& row : rows) documents.push_back(row_document(row));
        print(json_text(documents));
        return 0;
    }
    Table table(command.is_on("noheading") ? std::vector<std::string>{} : std::vector<std::string>{"TRANSPORT", "NAME", "TYPE", "KEYS"});
    for (const lib::TrustRow& row : rows) {
        std::string keys;
        for (const std::string& key : row.requirement.keys) keys += (keys.empty() ? "" : ", ") + key;
        table.add({transport_word(row.transport), row.scope, type_word(row.requirement.kind), keys});
    }
    print(table.text());
    return 0;
}

int cmd_trust_set(const ParsedCommand& command, const Globals&) {
    (void)lib::set_trust({command.arguments.front(), parse_kind(command.find("type").value_or("signedBy")), command.list("pubkeysfile")});
    return 0;
}

} // namespace cli
