package import FlotillaCommandLineKit
import FlotillaOperations
import FlotillaPlatform

extension Configuration {
    /// Where profiles are indexed and searched; to be closed in the end.
    package func searchBackend() throws(CommandError) -> SearchBackend {
        guard let text = self[Settings.searchEngine]?.revealed else { return .postgres }
        let name = self[Settings.searchIndex]
        let isName = name.utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || "-_".utf8.contains(byte)
        }
        guard isName, (1...200).contains(name.utf8.count), name.utf8.first != UInt8(ascii: "-"),
            name.utf8.first != UInt8(ascii: "_")
        else {
            throw CommandError(
                "FLOTILLA_SEARCH_INDEX has to be of small letters, digits, - and _, and to begin with a letter or digit",
                status: .wrongUse
            )
        }
        guard let url = ServerURL(text) else {
            throw CommandError("FLOTILLA_SEARCH_URL has to be a URL such as https://host:9200", status: .wrongUse)
        }
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        let path = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
        return .elasticsearch(
            ElasticsearchConfiguration(
                url: "\(url.scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")\(path)",
                user: url.user,
                password: url.password.map { Secret($0) },
                apiKey: self[Settings.searchKey],
                prefix: name
            )
        )
    }
}
