import Application
import CRM
import HTTPTypes
import Kernel

// MARK: With which stages can a pipeline begin?

extension Routes {
    /// `/pipelines/templates`: what `create` takes as `template`.
    var pipelines: [Route] {
        let items = PipelineTemplate.allCases.map { template -> JSON in
            [
                "template": .string(template.rawValue), "title": .string(template.title),
                "stages": .array(template.stages),
            ]
        }
        let list = Route(
            .get, "\(Self.base)/pipelines/templates", "The stages that a pipeline can begin with.",
            answer: .json(["type": "object"], position: false),
            handler: .known { _, _ throws(Problem) in
                Outcome(body: JSON.object(["items": .array(items)]).bytes)
            })
        return [list]
    }
}
