// Where things lie on the matrix: values in, values out, nothing of the screen.

/** The classes from the calmest to the hardest; each has a shape of its own. */
export const CLASSES = ["preferred", "demanding", "regular", "draining"];
export const SHAPES = {
    preferred: "diamond",
    demanding: "square",
    regular: "circle",
    draining: "triangle",
};

// A shape of the same area as the circle of radius 1: its corners.
const HALF_SQUARE = Math.sqrt(Math.PI) / 2;
const DIAMOND = HALF_SQUARE * Math.SQRT2;
const SIDE = Math.sqrt((4 * Math.PI) / Math.sqrt(3));
const TRIANGLE = SIDE / Math.sqrt(3);
const CORNERS = {
    square: [
        [-HALF_SQUARE, -HALF_SQUARE],
        [HALF_SQUARE, -HALF_SQUARE],
        [HALF_SQUARE, HALF_SQUARE],
        [-HALF_SQUARE, HALF_SQUARE],
    ],
    diamond: [
        [0, -DIAMOND],
        [DIAMOND, 0],
        [0, DIAMOND],
        [-DIAMOND, 0],
    ],
    triangle: [
        [0, -TRIANGLE],
        [SIDE / 2, TRIANGLE / 2],
        [-SIDE / 2, TRIANGLE / 2],
    ],
};

/** The corners of a shape whose area is that of a circle of the radius; none of that. */
export function getCorners(shape, radius) {
    return (CORNERS[shape] || []).map(([x, y]) => [x * radius, y * radius]);
}

/** The same as the path of an SVG image. */
export function getPath(shape, x, y, radius) {
    const corners = getCorners(shape, radius);
    if (!corners.length) {
        const half = (width) => ["a", radius, radius, 0, 1, 0, width, 0];
        return ["M", x - radius, y, ...half(2 * radius), ...half(-2 * radius), "Z"].join(" ");
    }
    // No text within a text: what packs the scripts would take its spaces away.
    const points = corners.map(([dx, dy]) => [x + dx, y + dy].join(" "));
    return ["M", points.join(" L "), "Z"].join(" ");
}

/**
 * The rectangle for values from 0 to 100 within a canvas; the padding leaves room for
 * bubbles at the ends.
 */
export function getPlot(width, height, { left, right, top, bottom, padding = 0 }) {
    return {
        left,
        top,
        padding,
        width: Math.max(1, width - left - right),
        height: Math.max(1, height - top - bottom),
    };
}

export function toX({ left, width, padding }, strain) {
    return left + padding + ((width - 2 * padding) * strain) / 100;
}

export function toY({ top, height, padding }, credit) {
    return top + padding + (height - 2 * padding) * (1 - credit / 100);
}

/** The largest radius: less where there is less room, or many customers share it. */
export function getLargestRadius(plot, count) {
    const room = Math.min(plot.width, plot.height) / 12;
    const crowd = Math.max(0.3, Math.min(1, Math.sqrt(150 / Math.max(1, count))));
    return Math.max(7, Math.min(38, room) * crowd);
}

/** Who takes no hours is a dot all the same, a smaller one among many. */
export function getSmallestRadius(count) {
    return count > 500 ? 2.5 : 4;
}

/** The radius by which areas are to each other as hours are. */
export function getRadius(hours, mostHours, largest, smallest) {
    if (!(mostHours > 0) || !(hours > 0)) {
        return smallest;
    }
    return Math.max(smallest, largest * Math.sqrt(hours / mostHours));
}

/** Place bubbles on the plot; large ones first, so that small ones lie on top. */
export function placeBubbles(bubbles, plot) {
    const mostHours = bubbles.reduce((most, { hours }) => Math.max(most, hours), 0);
    const largest = getLargestRadius(plot, bubbles.length);
    const smallest = getSmallestRadius(bubbles.length);
    return bubbles
        .map((bubble) => ({
            bubble,
            x: toX(plot, bubble.strain),
            y: toY(plot, bubble.credit),
            radius: getRadius(bubble.hours, mostHours, largest, smallest),
        }))
        .sort((one, other) => other.radius - one.radius || one.bubble.id - other.bubble.id);
}

/**
 * Finds what is drawn at a point without looking at all of it: each cell of a grid
 * knows the places that reach into it, in the order of drawing.
 */
export class PlaceIndex {
    constructor(places, cell = 32) {
        this.cell = cell;
        this.cells = new Map();
        places.forEach((place, order) => {
            const entry = { place, order };
            const { x, y, radius } = place;
            for (let column = this.column(x - radius); column <= this.column(x + radius); column++) {
                for (let row = this.column(y - radius); row <= this.column(y + radius); row++) {
                    const key = this.key(column, row);
                    if (!this.cells.has(key)) {
                        this.cells.set(key, []);
                    }
                    this.cells.get(key).push(entry);
                }
            }
        });
    }

    column(value) {
        return Math.floor(value / this.cell);
    }

    key(column, row) {
        return column * 65536 + row;
    }

    /** The topmost place at the point, or else the nearest within the tolerance. */
    find(x, y, tolerance = 0) {
        let best = null;
        let bestOrder = -1;
        let nearest = null;
        let distance = tolerance;
        const seen = (column, row) => this.cells.get(this.key(column, row)) || [];
        for (let column = this.column(x - tolerance); column <= this.column(x + tolerance); column++) {
            for (let row = this.column(y - tolerance); row <= this.column(y + tolerance); row++) {
                for (const { place, order } of seen(column, row)) {
                    const away = Math.hypot(place.x - x, place.y - y) - place.radius;
                    if (away <= 0) {
                        if (order > bestOrder) {
                            best = place;
                            bestOrder = order;
                        }
                    } else if (away <= distance) {
                        nearest = place;
                        distance = away;
                    }
                }
            }
        }
        return best || nearest;
    }
}

/** Whether the point lies in the polygon, a list of [x, y]; its last side closes it. */
export function isInside(polygon, x, y) {
    let inside = false;
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
        const [xi, yi] = polygon[i];
        const [xj, yj] = polygon[j];
        if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) {
            inside = !inside;
        }
    }
    return inside;
}

/** The places whose middle the polygon encloses. */
export function findInside(places, polygon) {
    if (polygon.length < 3) {
        return [];
    }
    const xs = polygon.map(([x]) => x);
    const ys = polygon.map(([, y]) => y);
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
    return places.filter(
        ({ x, y }) =>
            x >= left && x <= right && y >= top && y <= bottom && isInside(polygon, x, y)
    );
}

/**
 * Walks bubbles with the arrow keys: left and right by strain, up and down by credit,
 * each of them one after the other.
 */
export class Walk {
    constructor(bubbles) {
        const by = (first, second) =>
            [...bubbles]
                .sort((one, other) => first(one) - first(other) || second(one) - second(other) || one.id - other.id)
                .map((bubble) => bubble.id);
        const strain = (bubble) => bubble.strain;
        const credit = (bubble) => bubble.credit;
        this.orders = { strain: by(strain, credit), credit: by(credit, strain) };
        this.positions = {};
        for (const [axis, ids] of Object.entries(this.orders)) {
            this.positions[axis] = new Map(ids.map((id, position) => [id, position]));
        }
    }

    /** How manieth the bubble is by strain, from 1. */
    getPosition(id) {
        return (this.positions.strain.get(id) ?? -1) + 1;
    }

    first() {
        return this.orders.strain[0];
    }

    last() {
        return this.orders.strain.at(-1);
    }

    /** The bubble so many steps away on the axis; the ends are ends. */
    step(id, axis, steps) {
        const ids = this.orders[axis];
        const position = this.positions[axis].get(id);
        if (position === undefined) {
            return this.first();
        }
        return ids[Math.max(0, Math.min(ids.length - 1, position + steps))];
    }
}

/** Round hours for the legend of sizes: few, and each far from the next. */
export function getSizeSteps(mostHours) {
    if (!(mostHours > 0)) {
        return [];
    }
    const steps = [];
    for (const share of [1, 0.25, 0.05]) {
        const step = roundDown(mostHours * share);
        if (step > 0 && !steps.includes(step)) {
            steps.push(step);
        }
    }
    return steps;
}

/** The largest of 1, 2 and 5 times a power of ten that is not above the number. */
export function roundDown(number) {
    const power = 10 ** Math.floor(Math.log10(number) + 1e-9);
    const digit = [5, 2, 1].find((candidate) => candidate * power <= number * (1 + 1e-9)) || 1;
    return Number((digit * power).toPrecision(1));
}
