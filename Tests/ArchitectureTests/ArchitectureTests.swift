import FlotillaTestSupport
import Foundation
import Testing

/// The arrows between targets, held by the list in ``Architecture``.
struct ArchitectureTests {
    /// Modules of ours that a file imports, C libraries among them.
    private static func imports(of file: URL) throws -> Set<String> {
        let text = try String(contentsOf: file, encoding: .utf8)
        let modules = text.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
                words[..<place].allSatisfy({ ["public", "package", "internal", "@testable"].contains($0) })
            else { return nil }
            return String(words[words.count - 1])
        }
        return Set(modules.filter { $0.hasPrefix("Flotilla") || $0.hasPrefix("CFlotilla") || known.contains($0) })
    }

    private static let known = Set(Architecture.targets.map(\.name))

    private static func files(in folder: String) -> [URL] {
        let root = Repository.file(folder)
        let all = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
        return (all?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
    }

    /// The files of a target: those below its folder, without those of targets further down.
    private static func files(of target: Architecture.Target) -> [URL] {
        let inner = Architecture.targets.map(\.folder).filter { $0.hasPrefix(target.folder + "/") }
        return files(in: target.folder).filter { file in
            !inner.contains { file.path.hasPrefix(Repository.file($0).path + "/") }
        }
    }

    @Test func `arrows point one way: a target uses only targets above it in the list`() {
        var seen: Set<String> = []
        for target in Architecture.targets {
            #expect(target.uses.isSubset(of: seen), "\(target.name) uses \(target.uses.subtracting(seen).sorted())")
            seen.insert(target.name)
        }
    }

    @Test(arguments: Architecture.targets.map(\.name))
    func `a target imports what is on its list, and nothing else`(name: String) throws {
        let target = try #require(Architecture.target(name))
        let allowed = target.uses.union(target.libraries.map { "CFlotilla\($0)" })
        let files = Self.files(of: target)
        #expect(!files.isEmpty, "nothing is in \(target.folder)")
        for file in files {
            let strangers = try Self.imports(of: file).subtracting(allowed)
            #expect(strangers.isEmpty, "\(file.lastPathComponent) of \(name) imports \(strangers.sorted())")
        }
    }

    @Test func `no source file is outside the targets`() {
        let owned = Set(Architecture.targets.flatMap { Self.files(of: $0) }.map(\.path))
        let strangers = Self.files(in: "Sources").map(\.path).filter { !owned.contains($0) }
        #expect(strangers.isEmpty, "list the target of \(strangers)")
    }

    @Test func `the package's targets and their dependencies are those of the list`() throws {
        let manifest = try Manifest()
        for target in manifest.targets where target.type != "test" && target.type != "system" {
            guard let path = target.path, path.hasPrefix("Sources/") || target.name == "WorkerTestKit",
                !path.hasPrefix("Sources/System/")
            else { continue }
            let listed = try #require(Architecture.target(target.name), "\(target.name) is not on the list")
            #expect(listed.folder == path, "\(target.name)")
            let expected = listed.uses.union(listed.libraries.map { "CFlotilla\($0)" })
            #expect(target.dependencies == expected, "\(target.name)")
        }
        let names = Set(manifest.targets.map(\.name))
        #expect(Self.known.isSubset(of: names), "\(Self.known.subtracting(names).sorted())")
    }

    @Test func `no module of a product is called like one that another team may have`() throws {
        let manifest = try Manifest()
        for target in manifest.targets where target.type != "test" {
            let isOurs =
                ["Flotilla", "CFlotilla", "Worker"].contains { target.name.hasPrefix($0) }
                || ["flotilla", "FaultyWorker"].contains(target.name)
            #expect(isOurs, "\(target.name) has no prefix")
        }
    }

    @Test func `the runtime brings six C libraries and no domain`() throws {
        let manifest = try Manifest()
        let product = try #require(manifest.products["Workers"])
        let libraries = product.reduce(into: Set<String>()) { $0.formUnion(Architecture.libraries(reaching: $1)) }
        #expect(
            libraries == ["RabbitMQ", "Postgres", "Hiredis", "YAML", "Crypto", "Zlib", "Linux"],
            "Linux is our own C"
        )
        var reached = product
        var grows = true
        while grows {
            let more = reached.union(reached.flatMap { Architecture.target($0)?.uses ?? [] })
            grows = more.count > reached.count
            reached = more
        }
        #expect(reached.isDisjoint(with: Architecture.domains))
        #expect(Self.files(of: try #require(Architecture.target("Workers"))).count < 64)
    }

    @Test func `every domain has its folders under the same names`() throws {
        let standard: Set<String> = [
            "Workers", "Store", "Migrations", "Settings", "Routes", "Commands", "Metrics", "PersonalData",
        ]
        for name in Architecture.domains {
            let target = try #require(Architecture.target(name))
            for file in Self.files(of: target) {
                let folder = file.deletingLastPathComponent().lastPathComponent
                let title = file.deletingPathExtension().lastPathComponent
                let expected: String? =
                    switch title {
                    case _ where title.hasSuffix("Migration"): "Migrations"
                    case _ where title.hasSuffix("Routes"): "Routes"
                    case _
                    where try Self.imports(of: file).contains("FlotillaCommandLineKit")
                        && (title.hasSuffix("Command") || title.hasSuffix("Commands")):
                        "Commands"
                    case _ where title.hasSuffix("Worker") || title.hasSuffix("Workers"): "Workers"
                    case _ where title.hasSuffix("Statements"): "Store"
                    case _ where title.hasPrefix("Settings+"): "Settings"
                    default: nil
                    }
                guard let expected, standard.contains(expected) else { continue }
                #expect(folder == expected, "\(name): \(file.lastPathComponent) belongs in \(expected)")
            }
        }
    }
}
