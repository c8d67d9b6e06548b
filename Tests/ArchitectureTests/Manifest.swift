import FlotillaTestSupport
import Foundation

/// Package.swift as the package manager reads it.
struct Manifest {
    struct Target {
        let name: String
        let type: String
        let path: String?
        let dependencies: Set<String>
    }

    let targets: [Target]
    /// The targets of each product.
    let products: [String: Set<String>]

    init() throws {
        let process = Process()
        let output = Pipe()
        let scratch = FileManager.default.temporaryDirectory.appending(path: "flotilla-manifest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        process.executableURL = URL(filePath: "/usr/bin/env")
        // A folder of its own: the one of the tests is locked while they run.
        process.arguments = [
            "swift", "package", "--package-path", Repository.root.path, "--scratch-path", scratch.path, "dump-package",
        ]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0,
            let manifest = try JSONSerialization.jsonObject(with: data) as? [String: Any],
            let targets = manifest["targets"] as? [[String: Any]],
            let products = manifest["products"] as? [[String: Any]]
        else { throw TestSetupError(description: "swift package dump-package gives no manifest") }
        self.targets = targets.map { target in
            let dependencies = (target["dependencies"] as? [[String: Any]] ?? []).compactMap { dependency in
                ((dependency["byName"] ?? dependency["target"]) as? [Any])?.first as? String
            }
            return Target(
                name: target["name"] as? String ?? "",
                type: target["type"] as? String ?? "",
                path: target["path"] as? String,
                dependencies: Set(dependencies)
            )
        }
        self.products = Dictionary(
            uniqueKeysWithValues: products.map { product in
                (product["name"] as? String ?? "", Set(product["targets"] as? [String] ?? []))
            }
        )
    }
}
