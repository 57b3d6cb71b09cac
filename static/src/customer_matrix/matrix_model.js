import { KeepLast } from "@web/core/utils/concurrency";
import { Model } from "@web/model/model";

const FIELDS = [
    ...["id", "partnerId", "name", "strain", "credit"],
    ...["hours", "meetingHours", "class", "companyId"],
];

/** A row of the server's answer by name. */
export function readBubble(row) {
    return Object.fromEntries(FIELDS.map((name, index) => [name, row[index]]));
}

function readAnswer(data) {
    const bubbles = data.bubbles.map(readBubble);
    const preferred = data.preferred.map(readBubble);
    return {
        ...data,
        bubbles,
        preferred,
        byId: new Map([...preferred, ...bubbles].map((bubble) => [bubble.id, bubble])),
        thresholds: { strain: data.strain_threshold, credit: data.credit_threshold },
    };
}

/** What the server tells of the scores in the domain, by quarter. */
export class MatrixModel extends Model {
    setup({ resModel, quarter }) {
        this.resModel = resModel;
        // None: the current one
        this.quarter = quarter || null;
        this.keepLast = new KeepLast();
        this.answers = new Map();
        this.data = null;
    }

    async load({ domain, context }) {
        this.domain = domain;
        this.context = context;
        this.answers.clear();
        await this.fetch();
    }

    async goTo(quarter) {
        this.quarter = quarter;
        await this.fetch();
        this.notify();
    }

    async fetch() {
        const asked = this.quarter;
        const answer = this.answers.get(asked) || this.ask(asked);
        this.data = await this.keepLast.add(answer);
        // Asked for without a name, the current quarter is known by it from now on.
        this.answers.set(this.data.quarter, answer);
    }

    ask(quarter) {
        const answer = this.orm
            .call(this.resModel, "get_matrix", [this.domain], { quarter, context: this.context })
            .then((data) => readAnswer(data));
        this.answers.set(quarter, answer);
        // One that failed is asked for again.
        answer.catch(() => this.answers.delete(quarter));
        return answer;
    }
}
