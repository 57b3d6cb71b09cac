import { describe, expect, test } from "@odoo/hoot";
import {
    PlaceIndex,
    SHAPES,
    Walk,
    findInside,
    getCorners,
    getPath,
    getPlot,
    getRadius,
    getSizeSteps,
    isInside,
    placeBubbles,
    roundDown,
    toX,
    toY,
} from "@toxic_customer_exit/customer_matrix/matrix_geometry";

describe.current.tags("headless");

const PLOT = getPlot(460, 340, { left: 40, right: 20, top: 10, bottom: 30 });
const bubble = (id, strain, credit, hours = 0) => ({ id, strain, credit, hours, class: "regular" });

/** The area of a polygon. */
function getArea(corners) {
    return Math.abs(
        corners.reduce((sum, [x, y], index) => {
            const [nextX, nextY] = corners[(index + 1) % corners.length];
            return sum + (x * nextY - nextX * y) / 2;
        }, 0)
    );
}

test("strain goes to the right and credit upwards, within the margins", () => {
    expect([toX(PLOT, 0), toX(PLOT, 50), toX(PLOT, 100)]).toEqual([40, 240, 440]);
    expect([toY(PLOT, 0), toY(PLOT, 50), toY(PLOT, 100)]).toEqual([310, 160, 10]);
    const padded = { ...PLOT, padding: 20 };
    expect([toX(padded, 0), toX(padded, 50), toX(padded, 100)]).toEqual([60, 240, 420]);
    expect([toY(padded, 0), toY(padded, 100)]).toEqual([290, 30]);
});

test("a plot without any room still has a size", () => {
    expect(getPlot(10, 10, { left: 40, right: 20, top: 10, bottom: 30 })).toMatchObject({
        width: 1,
        height: 1,
    });
});

test("areas are to each other as hours are, and nobody vanishes", () => {
    expect(getRadius(100, 100, 40, 3)).toBe(40);
    expect(getRadius(25, 100, 40, 3)).toBe(20);
    expect(getRadius(0, 100, 40, 3)).toBe(3);
    expect(getRadius(0.001, 100, 40, 3)).toBe(3);
    expect(getRadius(0, 0, 40, 3)).toBe(3);
});

test("each shape has the area of the circle of its radius", () => {
    for (const shape of new Set(Object.values(SHAPES))) {
        const corners = getCorners(shape, 10);
        if (corners.length) {
            expect(getArea(corners)).toBeCloseTo(Math.PI * 100, { margin: 1e-6 });
        }
    }
    expect(new Set(Object.values(SHAPES)).size).toBe(4);
});

test("a shape is told as a path, too", () => {
    expect(getPath("square", 9, 9, 2)).toMatch(/^M [\d. ]+ L [\d. ]+ L [\d. ]+ L [\d. ]+ Z$/);
    expect(getPath("circle", 9, 9, 2)).toBe("M 7 9 a 2 2 0 1 0 4 0 a 2 2 0 1 0 -4 0 Z");
});

test("large bubbles are drawn first, so that small ones lie on top", () => {
    const places = placeBubbles([bubble(1, 50, 50, 1), bubble(2, 50, 50, 100)], PLOT);
    expect(places.map((place) => place.bubble.id)).toEqual([2, 1]);
});

test("the topmost bubble at a point is found, or the nearest within reach", () => {
    const places = placeBubbles(
        [bubble(1, 50, 50, 1), bubble(2, 50, 50, 100), bubble(3, 90, 90, 1)],
        PLOT
    );
    const index = new PlaceIndex(places);
    const [x, y] = [toX(PLOT, 50), toY(PLOT, 50)];
    expect(index.find(x, y).bubble.id).toBe(1);
    expect(index.find(x + 12, y).bubble.id).toBe(2);
    expect(index.find(x + 100, y)).toBe(null);
    const [farX, farY] = [toX(PLOT, 90), toY(PLOT, 90)];
    expect(index.find(farX + 15, farY)).toBe(null);
    expect(index.find(farX + 15, farY, 14).bubble.id).toBe(3);
});

test("the index finds what looking at every bubble finds", () => {
    let seed = 7;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const bubbles = Array.from({ length: 400 }, (_, id) =>
        bubble(id + 1, random() * 100, random() * 100, random() * 80)
    );
    const places = placeBubbles(bubbles, PLOT);
    const index = new PlaceIndex(places);
    for (let point = 0; point < 300; point++) {
        const [x, y] = [random() * 460, random() * 340];
        const hit = places.findLast((place) => Math.hypot(place.x - x, place.y - y) <= place.radius);
        expect(index.find(x, y)?.bubble.id).toBe(hit?.bubble.id);
    }
});

test("a lasso holds what its line goes around, also where it is hollow", () => {
    const hollow = [[0, 0], [10, 0], [10, 10], [6, 10], [6, 4], [4, 4], [4, 10], [0, 10]];
    expect(isInside(hollow, 2, 8)).toBe(true);
    expect(isInside(hollow, 8, 8)).toBe(true);
    expect(isInside(hollow, 5, 8)).toBe(false);
    expect(isInside(hollow, 12, 2)).toBe(false);
    const places = [
        { x: 2, y: 8, bubble: { id: 1 } },
        { x: 5, y: 8, bubble: { id: 2 } },
        { x: 8, y: 8, bubble: { id: 3 } },
    ];
    expect(findInside(places, hollow).map((place) => place.bubble.id)).toEqual([1, 3]);
    expect(findInside(places, [[0, 0], [10, 10]])).toEqual([]);
});

test("left and right go by strain, up and down by credit, and the ends are ends", () => {
    const walk = new Walk([bubble(1, 80, 10), bubble(2, 10, 90), bubble(3, 40, 50), bubble(4, 40, 20)]);
    expect([walk.first(), walk.last()]).toEqual([2, 1]);
    expect(walk.step(2, "strain", 1)).toBe(4);
    expect(walk.step(4, "strain", 1)).toBe(3);
    expect(walk.step(1, "strain", 1)).toBe(1);
    expect(walk.step(1, "strain", -10)).toBe(2);
    expect(walk.step(1, "credit", 1)).toBe(4);
    expect(walk.step(2, "credit", 1)).toBe(2);
    // From nowhere, and from one who is not there any more
    expect(walk.step(null, "strain", 1)).toBe(2);
    expect(walk.step(9, "credit", -1)).toBe(2);
    expect(walk.getPosition(4)).toBe(2);
    expect(new Walk([]).first()).toBe(undefined);
});

test("the legend of sizes has round numbers that differ", () => {
    expect([roundDown(1), roundDown(99), roundDown(0.3), roundDown(1000)]).toEqual([1, 50, 0.2, 1000]);
    expect(getSizeSteps(430)).toEqual([200, 100, 20]);
    expect(getSizeSteps(0)).toEqual([]);
});
