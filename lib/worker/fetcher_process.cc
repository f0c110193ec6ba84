// The side that speaks to registries, see lib/worker/fetcher.h.
#include "lib/worker/fetcher.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "lib/registry/client.h"
#include "lib/worker/confine.h"
#include "lib/worker/fetch_answers.h"
#include "lib/worker/request.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <array>
#include <deque>
#include <system_error>
#include <thread>
#include <vector>

namespace lib::worker {
namespace {

constexpr std::size_t longest_question = 64 << 10;
constexpr std::size_t chunk_size = 256 << 10;

/// The part of the request that says where they are.
const nlohmann::json& registries_of(const nlohmann::json& request) { return request.contains("source") ? request.at("source") : request; }

/// Of the question that this thread answers.
thread_local AnswerWriter* current_answer = nullptr;

registry::Access warning_access(const nlohmann::json& request) {
    registry::Access access = parse_access(registries_of(request).at("access"));
    access.warn = [](const std::string& sentence) {
        if (current_answer != nullptr) current_answer->warn(sentence);
    };
    return access;
}

class Fetches {
public:
    explicit Fetches(nlohmann::json request) : request_(std::move(request)), access_(warning_access(request_)) {
        for (const registry::Endpoint& source : parse_sources(registries_of(request_)))
            clients_.emplace_back(source, access_, registry::Scopes{cat("repository:", source.repository, ":pull")});
    }

    /// Any thread.
    void answer(const nlohmann::json& question, AnswerWriter& answer) {
        const oci::Fields fields(question, "the question");
        if (fields.has("request")) return write(answer, without_secrets());
        registry::Client& client = clients_.at(fields.number("source").value_or(clients_.size()));
        if (fields.has("manifest")) {
            const auto fetched = client.fetch_manifest(fields.text("manifest"));
            return write(answer, cat(fetched.content_type, "\n", fetched.body));
        }
        const oci::Descriptor blob{{}, fields.digest("blob"), fields.number("size").value_or(0), {}, {}};
        const auto stream = client.open_blob(blob, fields.number("offset").value_or(0));
        std::vector<std::byte> chunk(chunk_size);
        while (const std::size_t count = stream->read(chunk)) answer.write(std::span(chunk).first(count));
    }

private:
    static void write(AnswerWriter& answer, const std::string& text) { answer.write(std::as_bytes(std::span(text))); }

    std::string without_secrets() const {
        nlohmann::json rest = request_;
        nlohmann::json& registries = rest.contains("source") ? rest["source"] : rest;
        registries.erase("access");
        for (nlohmann::json& source : registries.at("sources"))
            for (const char* secret : {"username", "password", "identity_token", "registry_token"}) source.erase(secret);
        return rest.dump();
    }

    const nlohmann::json request_;
    const registry::Access access_;
    std::deque<registry::Client> clients_; ///< they do not move
};

/// The thread of one question.
void answer_question(Fetches& fetches, const std::string& question, UniqueFd pipe) noexcept {
    AnswerWriter answer(std::move(pipe));
    current_answer = &answer;
    try {
        try {
            fetches.answer(oci::parse_json_text(question, "the question"), answer);
            answer.end();
        } catch (const std::exception& e) {
            answer.fail(e);
        }
    } catch (const std::exception&) {
        // Nobody wants the answer any more.
    }
}

/// Where there is no request to be had: the answer to the first question is why.
void refuse(int socket, const std::exception& error) {
    std::array<std::byte, longest_question> question;
    (void)sys::read_some(socket, question, "a question");
    if (UniqueFd pipe = sys::receive_fd(socket)) AnswerWriter(std::move(pipe)).fail(error);
}

nlohmann::json prepare() {
    nlohmann::json request = read_request();
    confine_to_network(registries_of(request));
    registry::initialise_http();
    give_up_calls(Sockets::kept);
    return request;
}

void serve(int socket) {
    Fetches fetches(prepare());
    std::array<std::byte, longest_question> question;
    while (const std::size_t count = sys::read_some(socket, question, "a question")) {
        UniqueFd pipe = sys::receive_fd(socket);
        if (!pipe) break;
        std::string text(reinterpret_cast<const char*>(question.data()), count);
        try {
            std::thread(answer_question, std::ref(fetches), std::move(text), std::move(pipe)).detach();
        } catch (const std::system_error&) {
            continue; // no thread to be had: the pipe is closed without an answer, as if the connection had broken
        }
    }
    ::_exit(0); // threads may be using what would be destroyed
}

} // namespace

void serve_fetches(int socket) {
    try {
        serve(socket);
    } catch (const std::exception& e) {
        refuse(socket, e);
    }
    ::_exit(exit_code::engine_error);
}

} // namespace lib::worker
