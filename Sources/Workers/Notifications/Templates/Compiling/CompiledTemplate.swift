import FlotillaLocalization
import FlotillaModels

/// A template in all its languages.
struct CompiledTemplate: Sendable {
    struct Texts: Sendable {
        var headers: [TextHeader: [TemplateNode]]
        var html: [TemplateNode]
        var text: [TemplateNode]
    }

    let template: Template
    let required: [[String]]
    let anyOf: [[String]]
    let optional: [String]
    let variables: DeclaredVariables
    var texts: [MessageLocale: Texts] = [:]

    init(name: String, _ manifest: TemplateManifest) {
        template = Template(name: name, category: manifest.category, channels: manifest.channels)
        required = manifest.required.map { $0.split(separator: ".").map(String.init) }
        anyOf = manifest.anyOf
        optional = manifest.optional
        variables = DeclaredVariables(manifest)
    }

    /// Checks what template.json asks for, whichever of the texts would have needed it.
    func check(_ values: JSONValue) throws(TemplateError) {
        for path in required where isMissing(path[...], in: values, at: "") {
            throw missing(path.joined(separator: "."), "is missing")
        }
        for group in anyOf where group.allSatisfy({ values[$0]?.isBlank ?? true }) {
            throw missing(
                group[0],
                "is missing, and so \(group.count == 2 ? "is" : "are") " + group.dropFirst().joined(separator: ", ")
            )
        }
    }

    /// The values without what no text can show, so that looking one up stays cheap whatever a request contains.
    func own(_ values: JSONValue) -> JSONValue {
        guard case .members(let members) = values, members.count > 64 else { return values }
        return .members(members.filter { variables.isRequired[$0.name] != nil })
    }

    /// What may be missing is not looked into; of a list, every element is.
    private func isMissing(_ path: ArraySlice<String>, in value: JSONValue, at parent: String) -> Bool {
        guard let name = path.first else { return value.isBlank }
        if case .array(let elements) = value {
            return elements.contains { isMissing(path, in: $0, at: parent) }
        }
        let declared = parent.isEmpty ? name : "\(parent).\(name)"
        guard let member = value[name], !member.isNull else {
            return variables.isRequired[declared] == true
        }
        return isMissing(path.dropFirst(), in: member, at: declared)
    }

    private func missing(_ name: String, _ problem: String) -> TemplateError {
        TemplateError(
            code: .missingVariable,
            template: template.name,
            variable: name,
            detail: "template \(template.name): \(name) \(problem)"
        )
    }
}
