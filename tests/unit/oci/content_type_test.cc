#include "base/oci/content_type.h"

#include <doctest/doctest.h>

#include <string>

using namespace std::string_literals;
using oci::sniff_content_type;

TEST_CASE("text and what is none") {
    CHECK(sniff_content_type("") == "text/plain; charset=utf-8");
    CHECK(sniff_content_type("hello\n") == "text/plain; charset=utf-8");
    CHECK(sniff_content_type("\x1b[1m") == "text/plain; charset=utf-8");
    CHECK(sniff_content_type("GGUF\3\0\0\0"s) == "application/octet-stream");
    CHECK(sniff_content_type(std::string(oci::sniffed_bytes, 'a') + '\0') == "text/plain; charset=utf-8");
}

TEST_CASE("markup, after blanks and in either case") {
    CHECK(sniff_content_type(" \n<html>") == "text/html; charset=utf-8");
    CHECK(sniff_content_type("<!DoCtYpE html>") == "text/html; charset=utf-8");
    CHECK(sniff_content_type("<html") == "text/plain; charset=utf-8");
    CHECK(sniff_content_type("<htmlx>") == "text/plain; charset=utf-8");
    CHECK(sniff_content_type("\t<?xml version") == "text/xml; charset=utf-8");
}

TEST_CASE("archives, pictures, sounds, fonts by their first bytes") {
    CHECK(sniff_content_type("\x1f\x8b\x08\0"s) == "application/x-gzip");
    CHECK(sniff_content_type("PK\3\4") == "application/zip");
    CHECK(sniff_content_type("%PDF-1.7") == "application/pdf");
    CHECK(sniff_content_type("\x89PNG\r\n\x1a\n") == "image/png");
    CHECK(sniff_content_type("\0asm\1\0\0\0"s) == "application/wasm");
    CHECK(sniff_content_type("RIFF\1\2\3\4WAVE") == "audio/wave");
    CHECK(sniff_content_type("RIFF\1\2\3\4WEBPVP8 ") == "image/webp");
    CHECK(sniff_content_type("RIFF") == "text/plain; charset=utf-8");
    CHECK(sniff_content_type("\0\0\0\x14" "ftypmp42\0\0\0\0mp42"s) == "video/mp4");
    CHECK(sniff_content_type("\0\0\0\x14" "ftypqt  mp4 \0\0\0\0"s) == "application/octet-stream"); // only where the version is
}

TEST_CASE("the end of a name, in either case") {
    CHECK(oci::content_type_of_name("sbom.json") == "application/json");
    CHECK(oci::content_type_of_name("a.tar.HTML") == "text/html");
    CHECK(oci::content_type_of_name("json").empty());
    CHECK(oci::content_type_of_name("a.").empty());
    CHECK(oci::content_type_of_name("a.gguf").empty());
}
