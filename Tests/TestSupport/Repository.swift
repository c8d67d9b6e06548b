package import Foundation

/// The folder of the sources, for tests that read what stands in it.
package enum Repository {
    package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// - Parameter path: `docs/webhooks.md`.
    package static func file(_ path: String) -> URL { root.appending(path: path) }
}
