/// The sections around a place in a template, and what they say about the variables.
struct VariableScope {
    struct Resolved {
        var reference: Reference
        /// The dotted path as it is declared.
        let declared: String
        /// The declared path of the frame that the reference begins at.
        let base: String
    }

    let variables: DeclaredVariables
    /// The declared path of each frame; that of the template's values is empty.
    private(set) var frames = [""]
    private(set) var guarded: Set<String> = []

    init(_ variables: DeclaredVariables) { self.variables = variables }

    /// Finds a name as Mustache does, from the innermost section outward, in the declarations instead of in the data.
    func resolve(_ path: VariablePath, at place: SourcePlace) -> Resolved? {
        if path.names.isEmpty {
            let base = frames[frames.count - 1]
            return Resolved(
                reference: Reference(frame: frames.count - 1, path: [], name: base, place: place),
                declared: base,
                base: base
            )
        }
        for (frame, base) in frames.enumerated().reversed() {
            let declared = base.isEmpty ? path.description : "\(base).\(path)"
            guard variables.isRequired[declared] != nil else { continue }
            let isEngine = frame == 0 && path.names[0] == "notification"
            let reference = Reference(
                frame: isEngine ? Reference.engine : frame,
                path: isEngine ? Array(path.names.dropFirst()) : path.names,
                name: declared,
                place: place
            )
            return Resolved(reference: reference, declared: declared, base: base)
        }
        return nil
    }

    /// The first part of the path that may be missing without a section that guards it.
    func unguarded(_ resolved: Resolved) -> String? {
        var paths: [String] = []
        var path = resolved.declared[...]
        while !path.isEmpty, path != resolved.base[...] {
            paths.append(String(path))
            path = path.lastIndex(of: ".").map { path[..<$0] } ?? ""
        }
        return paths.reversed().first { variables.isRequired[$0] == false && !guarded.contains($0) }
    }

    /// The scope inside of `{{#path}}`.
    func entering(_ resolved: Resolved) -> VariableScope {
        var scope = self
        scope.frames.append(resolved.declared)
        var path = resolved.declared[...]
        while !path.isEmpty {
            scope.guarded.insert(String(path))
            path = path.lastIndex(of: ".").map { path[..<$0] } ?? ""
        }
        return scope
    }
}
