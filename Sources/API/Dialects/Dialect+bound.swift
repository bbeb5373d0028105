import Kernel

extension Dialect {
    /// A target with the canonical route that answers it, and what its body takes: made once, when the routes are.
    struct Bound: Sendable {
        let target: Target
        let route: Route
        let members: Members

        init(_ target: Target, _ route: Route, in dialect: Dialect) {
            (self.target, self.route) = (target, route)
            members = Members(route.takes, target, dialect.vocabulary(target.vocabulary))
        }
    }

    /// What a body takes in the source's words.
    struct Members: Sendable {
        /// In our words.
        let takes: [Field]
        /// Names of the source's.
        let terms: [Term]
        /// Members that keep our names.
        let plain: [Field]
        /// All names.
        let names: Set<String>

        init(_ takes: [Field], _ target: Target, _ vocabulary: Vocabulary) {
            self.takes = takes
            let terms = vocabulary.terms.filter { $0.fits(takes) && target.takes($0.theirs) }
            let named = Set(terms.flatMap { [$0.theirs, $0.companion].compactMap { $0 } })
            plain = takes.filter { field in
                target.takes(field.name) && target.told[field.name] == nil && !vocabulary.hides(field.name)
                    && !named.contains(field.name)
            }
            names = named.union(plain.map(\.name))
            self.terms = terms
        }
    }
}
