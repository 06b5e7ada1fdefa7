-- Records of which the source does not say which of several lecturers it was: few, and every dashboard asks for them.

CREATE INDEX record_lecturer_among ON record_lecturer (tenant, document) WHERE attribution = 'among';
