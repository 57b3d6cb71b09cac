/** The steps, waited for longer than ten seconds: a busy machine draws slowly. */
export function withPatience(steps) {
    return steps.map((step) => ({ timeout: 40000, ...step }));
}
