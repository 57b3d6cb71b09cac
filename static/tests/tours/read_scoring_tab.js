// Reads the Scoring tab of customers as a person does, and compares it with what the
// server found in the tables of the score: see test_demo_scoring_tab.py.

const NAME_FIELDS = ["textarea", "input"]
    .map((tag) => `.o_form_view .o_field_widget[name=name] ${tag}`)
    .join();
const NOTHING = "Nothing is known about this customer yet";

async function waitFor(what, find) {
    for (let tries = 0; tries < 200; tries++) {
        const found = find();
        if (found) {
            return found;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${what} does not show`);
}

const text = (element) => element.innerText.replace(/\s+/g, " ").trim();
const read = (parent, selector) => text(parent.querySelector(selector));
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

function check(holds, message) {
    if (!holds) {
        throw new Error(message);
    }
}

function checkEqual(shown, expected, what) {
    check(
        JSON.stringify(shown) === JSON.stringify(expected),
        `${what}: shows ${JSON.stringify(shown)} instead of ${JSON.stringify(expected)}`
    );
}

const isSeen = (element) => {
    const { width, height, left, right } = element.getBoundingClientRect();
    return width && height && left >= 0 && right <= window.innerWidth + 1;
};

function isPushedSideways(element) {
    for (let parent = element; parent; parent = parent.parentElement) {
        const scrolls = ["auto", "scroll"].includes(getComputedStyle(parent).overflowX);
        if (scrolls && parent.scrollWidth > parent.clientWidth + 1) {
            return true;
        }
    }
    return false;
}

async function openTab({ id, name }) {
    await odoo.__WOWL_DEBUG__.root.env.services.action.doAction({
        type: "ir.actions.act_window",
        res_model: "res.partner",
        res_id: id,
        views: [[false, "form"]],
    });
    await waitFor(name, () =>
        [...document.querySelectorAll(NAME_FIELDS)].some(
            (field) => field.value === name && isSeen(field)
        )
    );
    await waitFor("its address", () => location.pathname.endsWith(`/${id}`));
    (await waitFor("Scoring", () => document.querySelector(".nav-link[name=toxicity]"))).click();
}

function checkHead(tab, customer) {
    checkEqual(read(tab, ".o_toxicity_score"), `${Math.round(customer.score)}`, "score");
    checkEqual(read(tab, ".o_toxicity_band"), customer.band, "band");
    for (const selector of [".o_toxicity_score", ".o_toxicity_band", ".o_toxicity_gauge canvas"]) {
        check(isSeen(tab.querySelector(selector)), `${selector} is not to be seen`);
    }
    for (const [selector, parts] of Object.entries(customer.notes)) {
        const note = tab.querySelector(selector);
        checkEqual(Boolean(note), Boolean(parts.length), selector);
        for (const part of parts) {
            check(text(note).includes(part), `${selector} does not tell ${part}: ${text(note)}`);
        }
    }
}

function checkAxis(tab, axis, { result, lines }) {
    const body = tab.querySelector(`tbody[data-axis=${axis}]`);
    checkEqual(Boolean(body), Boolean(lines.length), `reasons of ${axis}`);
    if (!body) {
        return;
    }
    const rows = [...body.querySelectorAll(".o_toxicity_bar")];
    rows.forEach((row) => check(isSeen(row), `${text(row)} is not to be seen`));
    checkEqual(
        rows.map((row) => [
            read(row, ".o_toxicity_why").startsWith(lines[rows.indexOf(row)]?.name),
            read(row, ".o_toxicity_found"),
            read(row, ".o_toxicity_load span"),
        ]),
        lines.map((line) => [true, line.value, line.load.toFixed(2)]),
        `reasons of ${axis}`
    );
    const shares = rows.map((row) => parseInt(read(row, ".o_toxicity_share")));
    checkEqual(sum(shares), 100, `sum of the shares of ${axis}`);
    const total = sum(lines.map((line) => line.load));
    shares.forEach((share, index) =>
        check(Math.abs(share - (100 * lines[index].load) / total) < 1, `share ${share}`)
    );
    // To the last digit: what the loads say when one points at them.
    const exact = sum(
        rows.map((row) => parseFloat(row.querySelector(".o_toxicity_load span").title))
    );
    const recomputed = 100 * (1 - 2 ** -exact);
    check(Math.abs(recomputed - result) < 0.006, `loads make ${recomputed}, not ${result}`);
    const heading = read(body, ".o_toxicity_total");
    check(heading.includes(` ${Math.round(result)} `), `${heading} without ${result}`);
    check(heading.includes(`${exact.toFixed(2)} 100 %`), `${heading} without ${exact}`);
}

async function checkCustomer(customer) {
    await openTab(customer);
    const place = location.href;
    const page = document.querySelector(".o_form_view");
    if (!customer.is_known) {
        await waitFor(NOTHING, () => text(page).includes(NOTHING));
        checkEqual(document.querySelectorAll(".o_toxicity_explanation").length, 0, "scores of nobody");
        return;
    }
    const tab = await waitFor("why", () => document.querySelector(".o_toxicity_explanation"));
    checkHead(tab, customer);
    for (const [axis, expected] of Object.entries(customer.axes)) {
        checkAxis(tab, axis, expected);
    }
    checkEqual(Boolean(tab.querySelector(".o_toxicity_idle")), customer.idle > 0, "the rest");
    if (customer.idle) {
        tab.querySelector(".o_toxicity_idle button").click();
        const shown = Object.values(customer.axes).flatMap(({ lines }) => lines).length;
        await waitFor("all reasons", () =>
            tab.querySelectorAll(".o_toxicity_bar").length === shown + customer.idle
        );
    }
    check(!isPushedSideways(tab), "the page has to be pushed sideways");
    check(document.querySelector(".o_form_view") === page, "another page was opened");
    checkEqual(location.href, place, "address");
    checkEqual(document.querySelectorAll(".modal").length, 0, "dialogs");
}

odoo.readScoringTabs = async (customers) => {
    for (const customer of customers) {
        try {
            await checkCustomer(customer);
        } catch (error) {
            throw new Error(`${customer.name}: ${error.message}`);
        }
    }
};

/** Opens what is behind the numbers: `links` are [reason, label, how many records]. */
odoo.openBehindScore = async (customer, links) => {
    for (const [reason, label, count] of links) {
        await openTab(customer);
        const tab = await waitFor("why", () => document.querySelector(".o_toxicity_explanation"));
        tab.querySelector(".o_toxicity_idle button")?.click();
        const button = await waitFor(`${label} of ${reason}`, () =>
            [...tab.querySelectorAll(".o_toxicity_bar")]
                .filter((row) => read(row, ".o_toxicity_why").startsWith(reason))
                .flatMap((row) => [...row.querySelectorAll(".o_toxicity_links button")])
                .find((link) => text(link) === label)
        );
        button.click();
        const title = `${reason}: ${label}`;
        await waitFor(title, () => document.querySelector(".o_breadcrumb")?.innerText.includes(title));
        await waitFor(`${title}, ${count} of them`, () => {
            const rows = document.querySelectorAll(".o_list_view .o_data_row");
            const isEmpty = document.querySelector(".o_list_view .o_view_nocontent");
            return count ? rows.length === count : isEmpty;
        });
    }
};
