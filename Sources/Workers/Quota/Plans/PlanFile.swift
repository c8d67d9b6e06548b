import FlotillaYAMLFiles

/// Reads `plans.yaml`, the one description of what companies may use.
package enum PlanFile {
    /// - Throws: ``PlanMistakes`` with every mistake; one on line 1 when the file can't be read at all.
    package static func load(from path: String) throws(PlanMistakes) -> [Plan] {
        let bytes: [UInt8]
        do {
            bytes = try YAMLFile.contents(of: path)
        } catch {
            throw PlanMistakes(file: path, mistakes: [error])
        }
        return try decode(bytes, file: path.split(separator: "/").last.map(String.init) ?? path)
    }

    /// - Parameter file: the name to show before each line number.
    package static func decode(_ text: String, file: String = "plans.yaml") throws(PlanMistakes) -> [Plan] {
        try decode(Array(text.utf8), file: file)
    }

    private static func decode(_ bytes: [UInt8], file: String) throws(PlanMistakes) -> [Plan] {
        let (plans, mistakes) = YAMLFile.read(bytes) { root, collector in
            PlanDecoder(collector: collector).plans(from: root)
        }
        guard let plans, mistakes.isEmpty else { throw PlanMistakes(file: file, mistakes: mistakes) }
        return plans
    }
}

/// Turns the nodes of a plan file into plans, and collects every mistake on the way.
private struct PlanDecoder {
    let collector: MistakeCollector

    /// The highest limit, and the most tokens that a plan gives.
    private static let most = 1_000_000_000_000

    func plans(from root: YAMLNode) -> [Plan]? {
        guard let file = MappingReader(root, path: "", known: ["version", "plans"], collector: collector) else {
            return nil
        }
        file.requireKey("version")
        file.requireKey("plans")
        if let version = file.integer("version", Int.min...Int.max), version != 1 {
            file.addMistake("version", "\(version) is not supported; this program reads version 1")
        }
        guard let section = file.mapping("plans", known: nil, noun: "plan") else { return [] }
        if !section.has(Plan.defaultCode) {
            collector.add(section.line, "plans: '\(Plan.defaultCode)' is missing, which companies without a plan have")
        }
        return section.keys.compactMap { code in
            guard Self.isCode(code) else {
                section.addMistake(code.clipped, "a plan is named by 1 to 100 lower-case letters, digits, '-' and '_'")
                return nil
            }
            return section.mapping(code, known: ["name", "months", "limits", "tokens"]).map { plan(code, $0) }
        }
    }

    private func plan(_ code: String, _ section: MappingReader) -> Plan {
        section.requireKey("limits")
        var plan = Plan(code: code, name: section.text("name") ?? code)
        if plan.name.isEmpty { section.addMistake("name", "the name of a plan is empty") }
        plan.months = section.integer("months", 1...120) ?? 1
        plan.tokens = Int64(section.integer("tokens", 0...Self.most) ?? 0)
        if code == Plan.defaultCode {
            if plan.months != 1 { section.addMistake("months", "the periods of '\(code)' are calendar months") }
            if plan.tokens != 0 { section.addMistake("tokens", "'\(code)' has no paid periods to give tokens with") }
        }
        let kinds = QuotaKind.allCases.map(\.rawValue)
        guard let limits = section.mapping("limits", known: kinds) else { return plan }
        for kind in QuotaKind.allCases {
            limits.requireKey(kind.rawValue)
            plan.limits[kind] = limit(kind.rawValue, in: limits)
        }
        return plan
    }

    private func limit(_ key: String, in limits: MappingReader) -> Int64? {
        switch limits.node(key)?.content {
        case .scalar("unlimited", _)?: return nil
        case .scalar(let text, isPlain: true)? where Int(text) != nil:
            return limits.integer(key, 0...Self.most).map(Int64.init)
        case nil: return nil
        default:
            let found = limits.node(key)?.kind ?? "nothing"
            limits.addMistake(key, "expected a whole number or unlimited, found \(found)")
            return nil
        }
    }

    private static func isCode(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }
}
